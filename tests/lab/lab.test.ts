import { openSystem, type System } from '../acceptance/outside/system.ts';
import { endingOf, endsWithinMs, scenarios } from './scenarios.ts';

const outageMs = process.env.TBD_LONG === 'true' ? 300_000 : 5_000;

let system: System;

beforeAll(async () => {
  system = await openSystem(process.env);
});
afterAll(() => system[Symbol.asyncDispose]());

test.each(scenarios)(
  '$name: $expected',
  async ({ run, expected }) => {
    const lab = { system, outageMs };
    const placed = await run(lab);
    expect(await Promise.all(placed.map((id) => endingOf(lab, id)))).toEqual(placed.map(() => expected));
  },
  outageMs + 2 * endsWithinMs,
);
