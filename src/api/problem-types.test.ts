import { globSync, readFileSync } from 'node:fs';
import { apiProblems } from './problem-types.ts';

function codesIn(pattern: string, code: RegExp): string[] {
  return globSync(pattern)
    .filter((path) => !path.endsWith('.test.ts'))
    .flatMap((path) => Array.from(readFileSync(path, 'utf8').matchAll(code), ([, found]) => found ?? ''));
}

// The compiler knows all catalogues, the payment service's too; what the api answers with must be in the api's own.
test('every code of an answer is in the api’s catalogue', () => {
  const thrown = codesIn('src/{api,platform}/**/*.ts', /new Problem\(\s*\d+,\s*'(\w+)'/g);
  const byNginx = codesIn('deploy/nginx/nginx.conf', /"code":"(\w+)"/g);
  expect([thrown.length > 15, byNginx.length]).toEqual([true, 2]);
  expect([...thrown, ...byNginx].filter((code) => !Object.hasOwn(apiProblems, code))).toEqual([]);
});
