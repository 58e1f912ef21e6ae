import { spawnSync } from 'node:child_process';

const checks = [
  ['the types hold', 'tsc', []],
  ['the code is formatted and lint-free', 'biome', ['check', '--error-on-warnings']],
  ['nothing is unused: exports, files, dependencies', 'knip', []],
] as const;

test.each(checks)(
  '%s',
  (_, tool, args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin(tool), ...args], {
      encoding: 'utf8',
    });
    expect({ status, output: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, output: '' });
  },
  120_000,
);

function bin(tool: string): string {
  return `node_modules/.bin/${tool}`;
}
