import { openSystem, type System } from '../acceptance/outside/system.ts';
import { endingOf, endsWithinMs, scenarios } from './scenarios.ts';

const isLong = process.env.TBD_LONG === 'true';
const outageMs = isLong ? 300_000 : 5_000;
// The others' ways are walked by tests/acceptance as well, and each takes up to 15 s.
const brief = [
  '30 % wrong replies',
  '30 % charged, and never answered',
  'canceled after a capture that nobody knows of',
  'the worker is killed after the capture',
  'the provider is away',
];

let system: System;

beforeAll(async () => {
  system = await openSystem(process.env);
});
afterAll(() => system[Symbol.asyncDispose]());

test.each(scenarios.filter(({ name }) => isLong || brief.includes(name)))(
  '$name: $expected',
  async ({ run, expected }) => {
    const lab = { system, outageMs };
    const placed = await run(lab);
    expect(await Promise.all(placed.map((id) => endingOf(lab, id)))).toEqual(placed.map(() => expected));
  },
  outageMs + 2 * endsWithinMs,
);
