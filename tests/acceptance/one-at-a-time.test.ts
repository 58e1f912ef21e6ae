import pg from 'pg';
import { eventually } from '../support/eventually.ts';
import { countSteps, type Steps } from '../support/steps.ts';
import { openSystem } from './outside/system.ts';

const orders = 10;
let steps: Steps;

beforeAll(async () => {
  await using system = await openSystem(process.env);
  const postgres = new pg.Client({ connectionString: system.addresses.database });
  await postgres.connect();
  // Nobody else's order may be on its way.
  await eventually(async () => {
    for (const status of ['pending', 'processing'])
      expect((await system.api.list({ status })).items).toEqual([]);
  }, 20_000);
  steps = await countSteps(
    {
      temporal: system.runs.client,
      rows: async (text, values = []) => (await postgres.query(text, [...values])).rows,
      completeOne: async () => {
        const { id } = await system.api.accept({ customer_email: 'alone@example.com', amount_cents: 4_200 });
        await system.api.untilFinal(id);
        // The order is final a moment before its run is.
        expect(await system.runs.result(id)).toEqual({ status: 'completed' });
        return id;
      },
    },
    // After a checkpoint the log takes a whole page at its first change: the keys' index has some dozen, hit at random.
    { orders, warmUp: 60 },
  );
  await postgres.end();
}, 60_000);

test('an order that runs alone costs exactly 13 history events', () => {
  expect(steps.events).toEqual(Array(orders).fill(13));
});

test('and 5 state transitions: its start and its charge bring their first task along', () => {
  expect(steps.transitions).toEqual(Array(orders).fill(5));
});

// accept, begin, complete, notify; twice the relay's delete; twice the hint that wakes the relay.
test('and 8 transactions of Postgres that write', () => {
  const writes = median(steps.writes);
  expect(writes).toBeLessThanOrEqual(8);
  // Without the hints, which are dropped when another is on its way, and no less: else nothing was measured.
  expect(writes).toBeGreaterThanOrEqual(6);
});

// 5.9 kB measured, 0.9 of them the notifier's; a sixth more would be an index or a column that every order pays for.
test('and at most 6,800 bytes of Postgres’ log', () => {
  const walBytes = median(steps.walBytes);
  expect(walBytes).toBeLessThanOrEqual(6_800);
  expect(walBytes).toBeGreaterThanOrEqual(1_000);
});

function median(counts: readonly number[]): number {
  return counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)] ?? Number.NaN;
}
