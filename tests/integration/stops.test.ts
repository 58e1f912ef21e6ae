import { newId } from '../../src/core/id.ts';
import { orderCanceled, orderFailed, orderProcessed } from '../../src/order/events.ts';
import { isStopped, type Order } from '../../src/order/order.ts';
import { cancelOrder, moveOrder, notePayment, requestFailure } from '../../src/store/moves.ts';
import { findOrder } from '../../src/store/orders.ts';
import { readSteps } from '../../src/store/timeline.ts';
import { databaseOfFile } from '../support/database.ts';
import { placed } from '../support/orders.ts';

const { database, pool } = await databaseOfFile();

const outcomeOf = (order: Order) => ({ ...order, orderId: order.id });
const cancel = (order: Order, version?: number) =>
  cancelOrder(pool, {
    orderId: order.id,
    version,
    event: orderCanceled(outcomeOf(order), new Date()),
    traceparent: null,
  });
const begin = async (order: Order) => {
  await moveOrder(pool, { orderId: order.id, from: 'pending', to: 'processing' });
  return order;
};
const complete = (order: Order) =>
  moveOrder(pool, {
    orderId: order.id,
    from: 'processing',
    to: 'completed',
    when: 'not_stopped',
    paymentState: 'captured',
    event: orderProcessed({ ...outcomeOf(order), paymentId: 'ch_1' }, new Date()),
  });
const fail = (order: Order) =>
  moveOrder(pool, {
    orderId: order.id,
    from: 'processing',
    to: 'failed',
    when: 'not_stopped',
    failureReason: 'card_declined',
    event: orderFailed({ ...outcomeOf(order), reason: 'card_declined' }, new Date()),
  });
const askToFail = ({ id }: Order) =>
  requestFailure(pool, { orderId: id, reason: 'operator', detail: { by: 'ops' } });
const stepsOf = async ({ id }: Order) =>
  (await readSteps(pool, id)).map(({ version, step }) => `${version} ${step}`);
const eventsOf = async ({ id }: Order) =>
  (await database.rows<{ type: string }>('select type from outbox where key = $1 order by id', [id])).map(
    ({ type }) => type,
  );

describe('a cancel', () => {
  test('of a pending order cancels it, with its event', async () => {
    const order = await placed(pool);
    expect(await cancel(order)).toMatchObject({
      outcome: 'canceled',
      isNew: true,
      order: { status: 'canceled', version: 2 },
    });
    expect(await eventsOf(order)).toEqual(['order.created', 'order.canceled']);
    expect(await stepsOf(order)).toEqual(['2 canceled']);
  });

  test('of a processing order marks it, and tells the world nothing yet', async () => {
    const order = await begin(await placed(pool));
    expect(await cancel(order)).toMatchObject({
      outcome: 'requested',
      isNew: true,
      order: { status: 'processing', cancelRequestedAt: expect.any(Date), version: 3 },
    });
    expect(await eventsOf(order)).toEqual(['order.created']);
    expect(await stepsOf(order)).toEqual(['2 begun', '3 cancel_requested']);
  });

  test('again says the same, and changes nothing', async () => {
    const [pending, processing] = [await placed(pool), await begin(await placed(pool))];
    for (const order of [pending, processing]) {
      const first = await cancel(order);
      expect(await cancel(order)).toEqual({ ...first, isNew: false });
    }
  });

  test('of a completed or failed order comes too late', async () => {
    const completed = await begin(await placed(pool));
    await complete(completed);
    const failed = await begin(await placed(pool));
    await fail(failed);
    for (const order of [completed, failed]) {
      expect(await cancel(order)).toMatchObject({ outcome: 'too_late', order: { version: 3 } });
    }
  });

  test('of a state that the order has left is not done', async () => {
    const order = await begin(await placed(pool));
    expect(await cancel(order, 1)).toMatchObject({ outcome: 'version_gone', order: { version: 2 } });
    expect(await cancel(order, 2)).toMatchObject({ outcome: 'requested' });
  });

  test('of an order that does not exist says so', async () => {
    expect(await cancel({ ...(await placed(pool)), id: newId() })).toEqual({ outcome: 'no_such_order' });
  });
});

test('a marked order is neither completed nor failed by its run', async () => {
  const order = await begin(await placed(pool));
  await cancel(order);
  expect(await complete(order)).toMatchObject({ outcome: 'refused', order: { status: 'processing' } });
  expect(await fail(order)).toMatchObject({ outcome: 'refused', order: { status: 'processing' } });
  expect(await eventsOf(order)).toEqual(['order.created']);
});

test('of a cancel and a completion at the same moment one wins, and the other learns it', async () => {
  const orders = await Promise.all(Array.from({ length: 60 }, async () => begin(await placed(pool))));
  const seen = await Promise.all(
    orders.map(async (order) => {
      const [canceled, completed] = await Promise.all([cancel(order), complete(order)]);
      return `${canceled.outcome}, ${completed.outcome}`;
    }),
  );
  expect(['requested, refused', 'too_late, moved']).toEqual(expect.arrayContaining([...new Set(seen)]));
});

test('of a cancel and a begin at the same moment the order is canceled either way, or marked', async () => {
  const orders = await Promise.all(Array.from({ length: 60 }, () => placed(pool)));
  await Promise.all(orders.map((order) => Promise.all([cancel(order), begin(order)])));
  for (const order of orders) {
    const now = await findOrder(pool, order.id);
    expect(now?.status === 'canceled' || (now?.status === 'processing' && isStopped(now))).toBe(true);
  }
});

describe('an operator’s wish to fail an order', () => {
  test('keeps it from being completed, and is told once', async () => {
    const order = await begin(await placed(pool));
    expect(await askToFail(order)).toBe(true);
    expect(await askToFail(order)).toBe(false);
    expect(await complete(order)).toMatchObject({ outcome: 'refused' });
    expect(await stepsOf(order)).toEqual(['2 begun', '3 fail_requested']);
  });

  test('gives way to a cancel, which was promised to a client', async () => {
    const order = await begin(await placed(pool));
    await askToFail(order);
    expect(await cancel(order)).toMatchObject({ outcome: 'requested' });
    const end = { orderId: order.id, from: 'processing' } as const;
    expect(await moveOrder(pool, { ...end, to: 'failed', when: 'fail_requested' })).toMatchObject({
      outcome: 'refused',
    });
    expect(await moveOrder(pool, { ...end, to: 'canceled', when: 'cancel_requested' })).toMatchObject({
      outcome: 'moved',
    });
  });

  test('is for orders in processing only', async () => {
    expect(await askToFail(await placed(pool))).toBe(false);
  });
});

test('what becomes known of the money is kept once, and in its order', async () => {
  const order = await begin(await placed(pool));
  const learn = (to: 'unknown' | 'refunding' | 'refund_failed') =>
    notePayment(pool, { orderId: order.id, to });
  expect(await learn('refund_failed')).toBe(false);
  expect([await learn('unknown'), await learn('unknown')]).toEqual([true, false]);
  expect([await learn('refunding'), await learn('unknown')]).toEqual([true, false]);
  expect(await learn('refund_failed')).toBe(true);
  expect(await findOrder(pool, order.id)).toMatchObject({ paymentState: 'refund_failed', version: 5 });
  expect(await stepsOf(order)).toEqual(['2 begun', '3 payment_unknown', '4 refunding', '5 refund_failed']);
});
