import { bySide, type Fact, type Finding, ofEvents, ofRuns } from '../core/differences.ts';
import { isFinal, type Order, type OrderStatus, type PaymentState } from './order.ts';

export type ComparedOrder = Pick<
  Order,
  'status' | 'amountCents' | 'currency' | 'merchantId' | 'paymentState' | 'createdAt' | 'updatedAt'
>;

interface Sides {
  /** undefined: there is no such order. */
  readonly order: ComparedOrder | undefined;
  readonly facts: readonly Fact[];
  /** Events of before are no longer on the topics; null when all are. */
  readonly eventsSince: Date | null;
}

const ends: Readonly<Partial<Record<OrderStatus, string>>> = {
  completed: 'order.processed',
  failed: 'order.failed',
  canceled: 'order.canceled',
};

/** What the sides of one order say against each other; nothing for an order that is as it should be. */
export function findingsOfOrder({ order, facts, eventsSince }: Sides): Finding[] {
  if (order === undefined) return ofUnknown(facts);
  const { status, createdAt, updatedAt } = order;
  const told = { noun: 'order', status, createdAt, updatedAt, expected: ends[status] } as const;
  return [
    ...ofMoney(order, facts),
    ...ofRuns({ status, isFinal: isFinal(status) }, facts),
    ...ofEvents(told, facts, eventsSince),
  ];
}

function ofUnknown(facts: readonly Fact[]): Finding[] {
  const { captures, refunds, runs, events } = bySide(facts);
  return [
    ...(captures.length > 0 ? [['capture_without_order', { captured_cents: sum(captures) }] as const] : []),
    ...(captures.length === 0 && refunds.length > 0
      ? [['refund_without_capture', { refunded_cents: sum(refunds) }] as const]
      : []),
    ...(runs.length > 0 ? [['run_without_order', {}] as const] : []),
    ...(events.length > 0
      ? [['event_of_unknown_order', { events: events.map(({ type }) => type) }] as const]
      : []),
  ];
}

function* ofMoney(order: ComparedOrder, facts: readonly Fact[]): Generator<Finding> {
  const { captures, refunds } = bySide(facts);
  const [captured, refunded] = [sum(captures), sum(refunds)];
  const detail = { status: order.status, captured_cents: captured, refunded_cents: refunded };
  if (captures.length > 1) yield ['captured_twice', { ...detail, captures: captures.length }];
  const [first] = captures;
  if (first !== undefined && (first.cents !== order.amountCents || first.currency !== order.currency))
    yield ['amount_differs', { ...detail, amount_cents: order.amountCents, currency: first.currency }];
  if (refunded > 0 && captures.length === 0) yield ['refund_without_capture', detail];
  else if (refunded > captured) yield ['refunded_too_much', detail];
  if (order.status === 'completed') {
    if (captures.length === 0) yield ['completed_without_capture', detail];
    else if (refunded > 0) yield ['completed_but_refunded', detail];
  } else if (isFinal(order.status) && captured > refunded) yield ['capture_not_refunded', detail];
  const expected = paymentStateOf(order.status, refunds.length > 0);
  if (expected !== undefined && expected !== order.paymentState)
    yield ['payment_state_differs', { ...detail, payment_state: order.paymentState, expected }];
}

/** What a final order must say of its money; undefined while it is not final. */
function paymentStateOf(status: OrderStatus, isRefunded: boolean): PaymentState | undefined {
  if (!isFinal(status)) return undefined;
  if (status === 'completed') return 'captured';
  return isRefunded ? 'refunded' : 'none';
}

function sum(movements: readonly { readonly cents: number }[]): number {
  return movements.reduce((total, { cents }) => total + cents, 0);
}
