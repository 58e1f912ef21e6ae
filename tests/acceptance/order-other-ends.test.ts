import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import { readOrder } from './outside/api.ts';
import { workflowIdOf } from './outside/runs.ts';
import { bridgeGroup, openSystem, type System, terminalTopics } from './outside/system.ts';

const newOrder = { customer_email: 'buyer@example.com', amount_cents: 1_999 };

let system: System;

beforeAll(async () => {
  system = await openSystem(process.env);
});
afterAll(() => system[Symbol.asyncDispose]());

describe('an order whose card is declined', () => {
  test('fails with the reason, is told once, and no money moves', async () => {
    const accepted = await system.api.accept({ ...newOrder, merchant_id: 'declined' });
    const order = await system.api.untilFinal(accepted.id);
    expect(order).toMatchObject({ status: 'failed', failure_reason: 'card_declined', payment_state: 'none' });
    expect(await system.runs.result(order.id)).toEqual({ status: 'failed', reason: 'card_declined' });
    expect(await system.runs.describe(order.id)).toMatchObject({
      status: 'COMPLETED',
      searchAttributes: { MerchantId: 'declined', OrderStatus: 'failed' },
    });
    expect(await endsOf(order.id)).toEqual([
      { topic: 'order.failed', body: expect.objectContaining({ status: 'failed', reason: 'card_declined' }) },
    ]);
    expect(await movementsOf(order.id)).toEqual([]);
    expect(await system.payments.chargesOf(order.id)).toEqual([
      expect.objectContaining({ status: 'declined' }),
    ]);
  });

  test('is found by its status among all runs', async () => {
    const { id } = await system.api.accept({ ...newOrder, merchant_id: 'declined' });
    await system.api.untilFinal(id);
    await eventually(async () => {
      const found = await system.runs.list(`OrderStatus="failed" and WorkflowId="${workflowIdOf(id)}"`);
      expect(found).toHaveLength(1);
    }, 15_000);
  });
});

describe('a pending order', () => {
  test('can be canceled, again and again, and when its run starts it ends without a charge', async () => {
    const { id } = await whileStopped('worker', async () => {
      const order = await system.api.accept(newOrder);
      // Its event is out: only the bridge stands between it and its run.
      await eventually(
        async () => expect(await system.events.lag(bridgeGroup, 'order.created')).toBeGreaterThan(0),
        10_000,
      );
      const first = await system.api.cancel(order.id);
      expect(first.status).toBe(200);
      expect(readOrder(first)).toMatchObject({ id: order.id, status: 'canceled', version: 2 });
      const repeated = await system.api.cancel(order.id);
      expect({ status: repeated.status, text: repeated.text }).toEqual({ status: 200, text: first.text });
      return order;
    });

    await eventually(async () => {
      expect(await system.runs.result(id)).toEqual({ status: 'canceled', reason: 'already_final' });
    }, 20_000);
    expect(await system.api.get(id)).toMatchObject({ status: 'canceled', version: 2 });
    expect(await endsOf(id)).toEqual([
      { topic: 'order.canceled', body: expect.objectContaining({ order_id: id, status: 'canceled' }) },
    ]);
    expect(await system.payments.chargesOf(id)).toEqual([]);
  });

  test('that is canceled while Kafka has not heard of it yet is canceled all the same', async () => {
    const { id } = await whileStopped('relay', async () => {
      const order = await system.api.accept(newOrder);
      expect((await system.api.cancel(order.id)).status).toBe(200);
      return order;
    });
    await eventually(async () => {
      expect(await system.runs.result(id)).toEqual({ status: 'canceled', reason: 'already_final' });
    }, 20_000);
    expect(await endsOf(id)).toEqual([{ topic: 'order.canceled', body: expect.anything() }]);
    expect(await system.payments.chargesOf(id)).toEqual([]);
  });
});

test('an order that is completed stays so: a cancel is too late', async () => {
  const { id } = await system.api.accept(newOrder);
  const completed = await system.api.untilFinal(id);
  for (const _ of ['once', 'twice']) {
    const refused = await system.api.cancel(id);
    expect(refused.status).toBe(409);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(JSON.parse(refused.text)).toMatchObject({ status: 409, code: 'too_late' });
  }
  expect(await system.api.get(id)).toEqual(completed);
});

test('a cancel of an order that does not exist is a 404', async () => {
  expect((await system.api.cancel(randomUUID())).status).toBe(404);
});

test.each([
  ['no input', []],
  ['an id that is no UUID', [{ v: 1, orderId: 'seven' }]],
  ['the id of an order that does not exist', [{ v: 1, orderId: randomUUID() }]],
])('a run that somebody starts by hand with %s fails at once and charges nothing', async (_, args) => {
  const before = (await system.payments.ledger()).length;
  const options = { workflowId: `by-hand-${randomUUID()}`, taskQueue: 'orders', args };
  const run = await system.runs.client.workflow.start('processOrder', options);
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'OrderNotFound' } });
  expect(await system.payments.ledger()).toHaveLength(before);
});

async function whileStopped<T>(name: string, work: () => Promise<T>): Promise<T> {
  await system.stack.kill(name, 'SIGSTOP');
  try {
    return await work();
  } finally {
    await system.stack.kill(name, 'SIGCONT');
  }
}

/** What the world was told about the order's end. */
async function endsOf(orderId: string) {
  return eventually(async () => {
    const records = (await system.events.read(...terminalTopics)).filter(({ key }) => key === orderId);
    if (records.length === 0) throw new Error(`no event tells the end of ${orderId} yet`);
    return records.map(({ topic, value }) => ({ topic, body: JSON.parse(value ?? '') }));
  }, 20_000);
}

async function movementsOf(orderId: string) {
  return (await system.payments.ledger()).filter(({ order_id }) => order_id === orderId);
}
