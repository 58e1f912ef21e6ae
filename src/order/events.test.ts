import { eventId, isId, newId } from '../core/id.ts';
import { orderCanceled, orderFailed, orderProcessed } from './events.ts';

const time = new Date('2026-11-21T10:00:00.000Z');
const outcome = {
  orderId: '0198c5f0-0000-7000-8000-000000000000',
  amountCents: 4_200,
  currency: 'EUR',
  merchantId: null,
};

test.each([
  [
    orderProcessed({ ...outcome, paymentId: 'ch_1' }, time),
    'order.processed',
    { status: 'completed', payment_id: 'ch_1' },
  ],
  [
    orderFailed({ ...outcome, reason: 'card_declined' }, time),
    'order.failed',
    { status: 'failed', reason: 'card_declined' },
  ],
  [orderCanceled(outcome, time), 'order.canceled', { status: 'canceled' }],
])('the end of an order is told with its figures: $type', (event, type, rest) => {
  expect(event).toEqual({
    id: eventId(outcome.orderId, type),
    type,
    key: outcome.orderId,
    time,
    body: {
      order_id: outcome.orderId,
      amount_cents: 4_200,
      currency: 'EUR',
      merchant_id: null,
      occurred_at: '2026-11-21T10:00:00.000Z',
      schema_version: 1,
      ...rest,
    },
  });
});

test('an event’s id is the same for ever, and another for each order and type', () => {
  const other = newId();
  // UUIDv5 of the type in the order's namespace; consumers keep these ids, so they never change.
  expect(eventId(outcome.orderId, 'order.created')).toBe(eventId(outcome.orderId, 'order.created'));
  const ids = [outcome.orderId, other].flatMap((id) =>
    ['order.created', 'order.processed'].map((type) => eventId(id, type)),
  );
  expect(new Set(ids).size).toBe(4);
  expect(ids.every((id) => id[14] === '5')).toBe(true);
});

test('a later order has a greater id', () => {
  const ids = Array.from({ length: 1_000 }, newId);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(1_000);
  expect(ids.every(isId)).toBe(true);
});

test.each(['', 'seven', '0198c5f0-0000-7000-8000-00000000000', `{${newId()}}`, ` ${newId()}`])(
  'no id: "%s"',
  (text) => {
    expect(isId(text)).toBe(false);
  },
);
