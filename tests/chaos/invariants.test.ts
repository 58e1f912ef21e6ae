import { v5 } from 'uuid';
import type { Evidence, RunSeen } from './evidence.ts';
import { violations } from './invariants.ts';
import { emailOf, type Sent } from './journal.ts';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };
type Order = Mutable<Evidence['orders'][number]>;
interface MadeUp {
  sent: Sent[];
  statuses: number[];
  orders: Order[];
  records: Mutable<Evidence['records'][number]>[];
  movements: Mutable<Evidence['movements'][number]>[];
  runs: Mutable<RunSeen>[];
  left: Mutable<Evidence['left']>;
}

const completed = '01a1fd00-0000-7000-8000-000000000001';
const failed = '01a1fd00-0000-7000-8000-000000000002';
const canceled = '01a1fd00-0000-7000-8000-000000000003';

test('a system that kept every promise is not accused', () => {
  expect(violations(evidence(() => {}))).toEqual([]);
});

test('copies of an event and repeated answers are no violation', () => {
  const copied = evidence((made) => {
    made.records.push(...made.records.map((record) => ({ ...record })));
    for (const { accepted } of made.sent) accepted.push(...accepted);
    made.runs.push(...made.runs.map((run) => ({ ...run })));
  });
  expect(violations(copied)).toEqual([]);
});

const crimes: readonly [what: string, invariant: string, commit: (made: MadeUp) => void][] = [
  ['an accepted order is gone', 'I1', ({ orders }) => orders.splice(0, 1)],
  ['an accepted order is never finished', 'I1', (made) => set(made, completed, { status: 'processing' })],
  ['an order belongs to nobody', 'I2', (made) => set(made, completed, { customer_email: 'x@example.com' })],
  [
    'a key made two orders',
    'I3',
    ({ orders, sent }) => orders.push({ ...orders[1], ...twinOf(sent[0]) } as Order),
  ],
  ['a key was answered with two ids', 'I3', ({ sent }) => sent[0]?.accepted.push(failed)],
  ['an order was charged twice', 'I4', ({ movements }) => movements.push(capture(completed))],
  ['a completed order was not charged', 'I4', ({ movements }) => movements.splice(0)],
  ['a failed order was charged', 'I4', ({ movements }) => movements.push(capture(failed))],
  [
    'a completed order was refunded',
    'I4',
    ({ movements }) => movements.push({ ...capture(completed), type: 'refund' }),
  ],
  [
    'another amount was charged',
    'I4',
    ({ movements }) => movements.splice(0, 1, { ...capture(completed), amount_cents: 1 }),
  ],
  ['an order that does not exist was charged', 'I5', ({ movements }) => movements.push(capture('unknown'))],
  ['order.created was never sent', 'I6', (made) => drop(made, completed, 'order.created')],
  ['the end was never sent', 'I6', (made) => drop(made, failed, 'order.failed')],
  [
    'a copy has an id of its own',
    'I6',
    ({ records }) => records.push({ ...records[0], id: 'random' } as never),
  ],
  ['a copy has another text', 'I6', ({ records }) => records.push({ ...records[0], value: '{}' } as never)],
  [
    'an order was announced as processed and failed',
    'I7',
    ({ records }) => records.push(record('order.failed', completed)),
  ],
  [
    'the run says something else',
    'I7',
    ({ runs }) => runs.splice(0, 1, run(completed, { status: 'failed' })),
  ],
  [
    'the run broke',
    'I7',
    ({ runs }) => runs.splice(0, 1, { ...run(completed, undefined), status: 'FAILED' }),
  ],
  ['a promised cancel did not happen', 'I7', ({ sent }) => Object.assign(sent[0] ?? {}, { canceled: true })],
  [
    'an order ran twice',
    'I10',
    ({ runs }) => runs.push({ ...run(completed, { status: 'completed' }), runId: 'second' }),
  ],
  ['the outbox is not empty', 'I11', ({ left }) => Object.assign(left, { unsent: 1 })],
  ['records wait', 'I11', ({ left }) => Object.assign(left, { lag: 1 })],
  ['a record was set aside', 'I11', ({ left }) => Object.assign(left, { deadLetters: 1 })],
  [
    'a run is open',
    'I11',
    ({ runs }) => runs.splice(0, 1, { ...run(completed, undefined), status: 'RUNNING' }),
  ],
  ['an order never got a run', 'I11', ({ runs }) => runs.splice(0, 1)],
  ['a client saw a 500', 'I14', ({ statuses }) => statuses.push(500)],
];

test.each(crimes)('is caught: %s (%s)', (_what, invariant, commit) => {
  const found = violations(evidence(commit)).map((violation) => violation.split(' ')[0]);
  expect(found).toContain(invariant);
});

/** Three orders, one of each end, and all that belongs to them; then what `commit` does to it. */
function evidence(commit: (made: MadeUp) => unknown): Evidence {
  const ends: [string, Order['status'], string][] = [
    [completed, 'completed', 'order.processed'],
    [failed, 'failed', 'order.failed'],
    [canceled, 'canceled', 'order.canceled'],
  ];
  const made: MadeUp = {
    sent: ends.map(([id, status]) => sentFor(id, status === 'canceled')),
    statuses: [202, 200, 409, 503],
    orders: ends.map(([id, status]) => ({
      id,
      status,
      customer_email: emailOf(`key-${id}`),
      amount_cents: 100,
    })),
    records: ends.flatMap(([id, , topic]) => [record('order.created', id), record(topic, id)]),
    movements: [capture(completed)],
    runs: ends.map(([id, status]) => run(id, { status })),
    left: { unsent: 0, lag: 0, deadLetters: 0 },
  };
  commit(made);
  const { sent, statuses, ...rest } = made;
  return {
    ...rest,
    journal: { orders: new Map(sent.map((one) => [one.key, one])), statuses: new Set(statuses) },
  };
}

function sentFor(id: string, isCanceled: boolean): Sent {
  const key = `key-${id}`;
  const order = { customer_email: emailOf(key), amount_cents: 100, merchant_id: 'shop' };
  return { key, order, accepted: [id], canceled: isCanceled };
}

function twinOf(sent: Sent | undefined): Partial<Order> {
  return { id: '01a1fd00-0000-7000-8000-00000000000f', customer_email: emailOf(sent?.key ?? '') };
}

function record(topic: string, orderId: string): MadeUp['records'][number] {
  return { topic, key: orderId, id: v5(topic, orderId), value: JSON.stringify({ order_id: orderId }) };
}

function capture(orderId: string): MadeUp['movements'][number] {
  return { type: 'capture', order_id: orderId, amount_cents: 100 };
}

function run(orderId: string, result: unknown): MadeUp['runs'][number] {
  return { workflowId: `order-${orderId}`, runId: `run-${orderId}`, status: 'COMPLETED', result };
}

function set({ orders }: MadeUp, orderId: string, change: Partial<Order>): void {
  Object.assign(orders.find(({ id }) => id === orderId) ?? {}, change);
}

function drop(made: MadeUp, orderId: string, topic: string): void {
  made.records = made.records.filter((one) => one.key !== orderId || one.topic !== topic);
}
