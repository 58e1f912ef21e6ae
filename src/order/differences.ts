import { isFinal, type Order, type OrderStatus, type PaymentState } from './order.ts';

/** One thing that a side other than the order itself knows of it. */
export type Fact =
  | { readonly side: 'capture'; readonly cents: number; readonly currency: string }
  | { readonly side: 'refund'; readonly cents: number }
  | { readonly side: 'run' }
  | { readonly side: 'event'; readonly type: string };

export type ComparedOrder = Pick<
  Order,
  'status' | 'amountCents' | 'currency' | 'paymentState' | 'createdAt' | 'updatedAt'
>;

export interface Difference {
  readonly kind: string;
  readonly order_id: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface Sides {
  readonly orderId: string;
  /** undefined: there is no such order. */
  readonly order: ComparedOrder | undefined;
  readonly facts: readonly Fact[];
  /** Events of before are no longer on the topics; null when all are. */
  readonly eventsSince: Date | null;
}

type Finding = readonly [kind: string, detail: Readonly<Record<string, unknown>>];

const ends: Readonly<Partial<Record<OrderStatus, string>>> = {
  completed: 'order.processed',
  failed: 'order.failed',
  canceled: 'order.canceled',
};

/** What the sides of one order say against each other; nothing for an order that is as it should be. */
export function differencesOf({ orderId, order, facts, eventsSince }: Sides): Difference[] {
  const findings =
    order === undefined
      ? ofUnknown(facts)
      : [...ofMoney(order, facts), ...ofRuns(order, facts), ...ofEvents(order, facts, eventsSince)];
  return findings.map(([kind, detail]) => ({ kind, order_id: orderId, detail }));
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

function* ofRuns({ status }: ComparedOrder, facts: readonly Fact[]): Generator<Finding> {
  const { runs } = bySide(facts);
  if (isFinal(status) && runs.length > 0) yield ['run_still_open', { status }];
  if (!isFinal(status) && runs.length === 0) yield ['no_run', { status }];
}

function* ofEvents(order: ComparedOrder, facts: readonly Fact[], since: Date | null): Generator<Finding> {
  const { status, createdAt, updatedAt } = order;
  const types = bySide(facts).events.map(({ type }) => type);
  const told = types.filter((type) => type !== 'order.created');
  const expected = ends[status];
  if (!types.includes('order.created') && isKept(createdAt, since))
    yield ['created_event_missing', { status }];
  if (told.length > 1) yield ['two_terminal_events', { status, events: told }];
  else if (told.length === 1 && told[0] !== expected)
    yield ['event_contradicts_order', { status, events: told }];
  else if (told.length === 0 && expected !== undefined && isKept(updatedAt, since))
    yield ['terminal_event_missing', { status, expected }];
}

const isKept = (time: Date, since: Date | null): boolean => since === null || time > since;

function bySide(facts: readonly Fact[]) {
  return {
    captures: facts.filter((fact) => fact.side === 'capture'),
    refunds: facts.filter((fact) => fact.side === 'refund'),
    runs: facts.filter((fact) => fact.side === 'run'),
    events: facts.filter((fact) => fact.side === 'event'),
  };
}

function sum(movements: readonly { readonly cents: number }[]): number {
  return movements.reduce((total, { cents }) => total + cents, 0);
}
