import { eventually } from '../support/eventually.ts';
import { openSystem, type System } from './outside/system.ts';

let system: System;

beforeAll(async () => {
  system = await openSystem(process.env);
  // Nobody else's order may be on its way.
  await eventually(async () => {
    for (const status of ['pending', 'processing'])
      expect((await system.api.list({ status })).items).toEqual([]);
  }, 20_000);
});
afterAll(() => system[Symbol.asyncDispose]());

test('an order that runs alone costs exactly 13 history events and 5 state transitions', async () => {
  const costs: unknown[] = [];
  for (let number = 0; number < 10; number += 1) {
    const { id } = await system.api.accept({ customer_email: 'alone@example.com', amount_cents: 4_200 });
    await system.api.untilFinal(id);
    // The order is final a moment before its run is.
    expect(await system.runs.result(id)).toEqual({ status: 'completed' });
    const { historyLength, stateTransitions } = await system.runs.describe(id);
    costs.push({ historyLength, stateTransitions });
  }
  expect(costs).toEqual(Array(10).fill({ historyLength: 13, stateTransitions: 5 }));
});
