import { Problem } from './problem.ts';
import { httpProblems } from './problem-types.ts';

test('only a code of a catalogue can be thrown, and only with its own status', () => {
  const problem = new Problem(404, 'not_found', 'Check the address.');
  expect([problem.status, problem.code]).toEqual([404, 'not_found']);
  // @ts-expect-error no catalogue has it
  new Problem(404, 'nonsense', '');
  // @ts-expect-error it is a 404
  new Problem(400, 'not_found', '');
});

test('a status says what a code is about: none is below 400, and every 429 and 503 says when to come back', () => {
  for (const [code, type] of Object.entries(httpProblems)) {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(type.status).toBeGreaterThanOrEqual(400);
    if ([429, 503].includes(type.status)) expect(type).toMatchObject({ retryAfter: true });
  }
});
