import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually.ts';
import { readOrder } from './outside/api.ts';
import { workflowIdOf } from './outside/runs.ts';
import { openSystem, type System, terminalTopics } from './outside/system.ts';

const newOrder = { customer_email: 'buyer@example.com', amount_cents: 1_999 };

let system: System;

beforeAll(async () => {
  system = await openSystem(process.env);
  // Long enough to be caught in the act, short enough for the client's 500 ms.
  await system.payments.setFaults({ delay_ms: 300 });
});
afterAll(async () => {
  await system.payments.setFaults();
  await system[Symbol.asyncDispose]();
});

async function charging(): Promise<string> {
  const { id } = await system.api.accept(newOrder);
  await eventually(
    async () => expect(await system.api.get(id)).toMatchObject({ status: 'processing' }),
    10_000,
  );
  return id;
}

async function expectRefunded(id: string): Promise<void> {
  expect(await system.api.untilFinal(id)).toMatchObject({
    status: 'canceled',
    payment_state: 'refunded',
    cancel_requested_at: expect.any(String),
  });
  const movements = (await system.payments.ledger()).filter(({ order_id }) => order_id === id);
  expect(movements.map(({ type, amount_cents }) => ({ type, amount_cents }))).toEqual([
    { type: 'capture', amount_cents: newOrder.amount_cents },
    { type: 'refund', amount_cents: newOrder.amount_cents },
  ]);
  await eventually(async () => {
    const ends = (await system.events.read(...terminalTopics)).filter(({ key }) => key === id);
    expect(ends.map(({ topic }) => topic)).toEqual(['order.canceled']);
  }, 10_000);
}

test('an order that is being charged is canceled by its client: what was captured goes back, and one event tells it', async () => {
  const id = await charging();
  const first = await system.api.cancel(id);
  expect([200, 202]).toContain(first.status);
  expect(readOrder(first).cancel_requested_at).not.toBeNull();
  await expectRefunded(id);
  expect((await system.api.cancel(id)).status).toBe(200);
  expect(await system.runs.result(id)).toEqual({ status: 'canceled', reason: 'cancel_requested' });
  expect(await system.runs.describe(id)).toMatchObject({
    status: 'COMPLETED',
    searchAttributes: { OrderStatus: 'canceled' },
  });
});

test('a cancel on Temporal’s command line comes to the same, and shows so there', async () => {
  const id = await charging();
  await temporal('cancel', id);
  await expectRefunded(id);
  await eventually(async () => {
    expect(await system.runs.describe(id)).toMatchObject({ status: 'CANCELLED' });
  }, 10_000);
});

test('a completed order is not touched by a cancel of its run', async () => {
  const { id } = await system.api.accept(newOrder);
  const completed = await system.api.untilFinal(id);
  await temporal('cancel', id).catch(() => 'closed already');
  expect(await system.api.get(id)).toEqual(completed);
  expect(await system.runs.result(id)).toEqual({ status: 'completed' });
});

test('a cancel while Temporal stands still is promised at once, and kept when it goes on', async () => {
  await system.payments.setFaults({ outage: true });
  const { id } = await system.api.accept(newOrder);
  await eventually(
    async () => expect(await system.api.get(id)).toMatchObject({ payment_state: 'unknown' }),
    10_000,
  );
  await system.stack.kill('temporal', 'SIGSTOP');
  try {
    const began = performance.now();
    expect((await system.api.cancel(id)).status).toBe(202);
    expect(performance.now() - began).toBeLessThan(5_000);
  } finally {
    await system.stack.kill('temporal', 'SIGCONT');
    await system.payments.setFaults({ delay_ms: 300 });
  }
  expect(await system.api.untilFinal(id, 120_000)).toMatchObject({ status: 'canceled' });
}, 150_000);

async function temporal(verb: 'cancel', id: string): Promise<void> {
  const { temporal: address, temporalCli = 'temporal' } = system.addresses;
  await promisify(execFile)(temporalCli, [
    'workflow',
    verb,
    '--workflow-id',
    workflowIdOf(id),
    '--address',
    address,
  ]);
}
