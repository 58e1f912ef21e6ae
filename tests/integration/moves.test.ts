import { newId } from '../../src/core/id.ts';
import { orderCanceled } from '../../src/order/events.ts';
import { canMove, type Order, type OrderStatus, orderStatuses } from '../../src/order/order.ts';
import { moveOrder } from '../../src/store/moves.ts';
import { findOrder } from '../../src/store/orders.ts';
import { databaseOfFile } from '../support/database.ts';
import { placed } from '../support/orders.ts';

const { database, pool } = await databaseOfFile();

async function orderIn(status: OrderStatus): Promise<Order> {
  const order = await placed(pool);
  await database.rows('update orders set status = $1 where id = $2', [status, order.id]);
  await database.rows('delete from outbox where key = $1', [order.id]);
  return { ...order, status };
}

function move(order: Order, from: OrderStatus, to: OrderStatus) {
  const event = orderCanceled({ ...order, orderId: order.id }, new Date());
  return moveOrder(pool, { orderId: order.id, from, to, event });
}

const eventsOf = ({ id }: Order) => database.rows('select type from outbox where key = $1', [id]);

const pairs = orderStatuses.flatMap((from) => orderStatuses.map((to) => [from, to] as const));

describe.each(pairs.filter(([from, to]) => canMove(from, to)))('from %s to %s', (from, to) => {
  test('the order moves: status, version + 1 and one event', async () => {
    const order = await orderIn(from);
    const moved = await move(order, from, to);
    expect(moved).toMatchObject({ outcome: 'moved', order: { id: order.id, status: to, version: 2 } });
    expect(await findOrder(pool, order.id)).toMatchObject({ status: to, version: 2 });
    expect(await eventsOf(order)).toHaveLength(1);
  });

  test('the same move again says so and writes nothing', async () => {
    const order = await orderIn(to);
    expect(await move(order, from, to)).toMatchObject({ outcome: 'already_there', order: { version: 1 } });
    expect(await eventsOf(order)).toHaveLength(0);
  });

  test.each(orderStatuses.filter((status) => status !== from && status !== to))(
    'an order that is %s stays so, and no event tells otherwise',
    async (actual) => {
      const order = await orderIn(actual);
      expect(await move(order, from, to)).toMatchObject({ outcome: 'refused', order: { status: actual } });
      expect(await findOrder(pool, order.id)).toMatchObject({ status: actual, version: 1 });
      expect(await eventsOf(order)).toHaveLength(0);
    },
  );
});

test.each(pairs.filter(([from, to]) => !canMove(from, to)))(
  'from %s to %s nothing ever moves',
  async (from, to) => {
    const order = await orderIn(from);
    await expect(move(order, from, to)).rejects.toThrow(`never moves from ${from} to ${to}`);
    expect(await findOrder(pool, order.id)).toMatchObject({ status: from, version: 1 });
    expect(await eventsOf(order)).toHaveLength(0);
  },
);

test('24 movers at once: one moves the order, the others learn where it is, one event leaves', async () => {
  const order = await orderIn('pending');
  const targets: OrderStatus[] = ['processing', 'canceled', 'failed'];
  const outcomes = await Promise.all(
    Array.from({ length: 24 }, (_, at) => move(order, 'pending', targets[at % 3] ?? 'failed')),
  );
  expect(outcomes.filter(({ outcome }) => outcome === 'moved')).toHaveLength(1);
  expect(outcomes.filter(({ outcome }) => outcome === 'already_there')).toHaveLength(7);
  expect(outcomes.filter(({ outcome }) => outcome === 'refused')).toHaveLength(16);
  expect(await findOrder(pool, order.id)).toMatchObject({ version: 2 });
  expect(await eventsOf(order)).toHaveLength(1);
});

test('what goes with the move is kept: payment state and the reason of a failure', async () => {
  const order = await orderIn('processing');
  await moveOrder(pool, {
    orderId: order.id,
    from: 'processing',
    to: 'failed',
    paymentState: 'unknown',
    failureReason: 'card_declined',
  });
  expect(await findOrder(pool, order.id)).toMatchObject({
    status: 'failed',
    paymentState: 'unknown',
    failureReason: 'card_declined',
  });
  expect(await eventsOf(order)).toHaveLength(0);
});

test('an order that does not exist is not made by moving it', async () => {
  const orderId = newId();
  expect(await moveOrder(pool, { orderId, from: 'pending', to: 'processing' })).toEqual({
    outcome: 'no_such_order',
  });
});
