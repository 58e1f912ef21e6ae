import { eventually } from '../support/eventually.ts';
import { type Order, readOrder } from './outside/api.ts';
import { workflowIdOf } from './outside/runs.ts';
import { openSystem, type System } from './outside/system.ts';

let system: System;
let orders: readonly Order[];

/** Charged, but their runs are gone before they could be completed: somebody terminated them. */
beforeAll(async () => {
  system = await openSystem(process.env);
  const { api, runs, stack } = system;
  await stack.kill('payment', 'SIGSTOP');
  try {
    const accepted = [1_500, 2_500].map((amount_cents) =>
      api.accept({ customer_email: 'buyer@example.com', amount_cents }),
    );
    orders = await Promise.all(accepted);
    for (const { id } of orders) {
      await eventually(async () => expect((await api.get(id)).status).toBe('processing'), 20_000);
      await runs.client.workflow.getHandle(workflowIdOf(id)).terminate('by hand');
    }
  } finally {
    await stack.kill('payment', 'SIGCONT');
  }
  for (const order of orders) await charge(order);
}, 60_000);
afterAll(() => system[Symbol.asyncDispose]());

/** As the run's own attempt would have, had it arrived. */
async function charge({ id, amount_cents, currency }: Order): Promise<void> {
  const answer = await fetch(`${system.addresses.payment}/v1/charges`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `order:${id}:charge` },
    body: JSON.stringify({ order_id: id, merchant_id: null, amount_cents, currency }),
  });
  expect(answer.status).toBe(201);
}

const operator = (path: string, init?: RequestInit) => system.api.request(`/v1/admin/${path}`, init);
const reasonsOf = async (id: string) => {
  const { items } = JSON.parse((await operator('stuck')).text);
  return items
    .filter(({ order_id }: { order_id: string }) => order_id === id)
    .map(({ reason }: { reason: string }) => reason);
};
const movementsOf = async (id: string) =>
  (await system.payments.ledger())
    .filter(({ order_id }) => order_id === id)
    .map(({ type, amount_cents }) => `${type} ${amount_cents}`);

test('orders whose runs were terminated are shown as stuck after a while, and stay processing', async () => {
  for (const { id } of orders) {
    await eventually(async () => expect(await reasonsOf(id)).toEqual(['no_run']), 40_000);
    expect((await system.api.get(id)).status).toBe('processing');
  }
}, 120_000);

test('retry completes one of them with the one capture it has', async () => {
  const id = orders[0]?.id ?? '';
  const answer = await operator(`orders/${id}/retry`, { method: 'POST' });
  expect([answer.status, readOrder(answer).id]).toEqual([202, id]);
  const order = await system.api.untilFinal(id);
  expect(order).toMatchObject({ status: 'completed', payment_state: 'captured' });
  expect(await movementsOf(id)).toEqual(['capture 1500']);
  expect((await operator(`orders/${id}/retry`, { method: 'POST' })).status).toBe(409);
}, 60_000);

test('fail-and-refund fails the other with the operator’s reason, and gives back what was charged', async () => {
  const id = orders[1]?.id ?? '';
  const answer = await operator(`orders/${id}/fail-and-refund`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'the shop has closed' }),
  });
  expect(answer.status).toBe(202);
  const order = await system.api.untilFinal(id, 50_000);
  expect(order).toMatchObject({
    status: 'failed',
    payment_state: 'refunded',
    failure_reason: 'the shop has closed',
  });
  expect(await movementsOf(id)).toEqual(['capture 2500', 'refund 2500']);
  const again = await operator(`orders/${id}/fail-and-refund`, { method: 'POST' });
  expect([again.status, readOrder(again).status]).toEqual([200, 'failed']);
}, 60_000);

test('reset lets a run that waits begin anew, and the order is charged once', async () => {
  await system.payments.setFaults({ outage: true });
  const { id } = await system.api.accept({ customer_email: 'buyer@example.com', amount_cents: 3_500 });
  try {
    await eventually(
      async () => expect(await system.api.get(id)).toMatchObject({ payment_state: 'unknown' }),
      20_000,
    );
    const answer = await operator(`orders/${id}/reset`, { method: 'POST' });
    expect([answer.status, answer.text]).toEqual([202, expect.stringContaining(id)]);
  } finally {
    await system.payments.setFaults();
  }
  expect(await system.api.untilFinal(id, 60_000)).toMatchObject({ status: 'completed' });
  expect(await movementsOf(id)).toEqual(['capture 3500']);
}, 90_000);

test('what was mended is no longer stuck, and a reconciliation finds nothing about it', async () => {
  for (const { id } of orders) await eventually(async () => expect(await reasonsOf(id)).toEqual([]), 30_000);
  const asked = await operator('reconciliation', { method: 'POST' });
  expect(asked.status).toBe(202);
  const { id } = JSON.parse(asked.text);
  const report = await eventually(async () => {
    const answer = JSON.parse((await operator('reconciliation')).text);
    if (answer.report?.id !== id) throw new Error(`not reconciled: ${answer.under_way?.last_error}`);
    return answer.report;
  }, 40_000);
  const ids = orders.map((order) => order.id);
  const about = report.differences.filter(({ order_id }: { order_id: string }) => ids.includes(order_id));
  expect(about).toEqual([]);
}, 90_000);
