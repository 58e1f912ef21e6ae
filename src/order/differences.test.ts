import type { Fact } from '../core/differences.ts';
import { type ComparedOrder, findingsOfOrder } from './differences.ts';

const long = new Date('2026-11-21T10:00:00.000Z');
const completed: ComparedOrder = {
  status: 'completed',
  amountCents: 4_200,
  currency: 'EUR',
  merchantId: null,
  paymentState: 'captured',
  createdAt: long,
  updatedAt: long,
};
const canceled: ComparedOrder = { ...completed, status: 'canceled', paymentState: 'refunded' };
const pending: ComparedOrder = { ...completed, status: 'pending', paymentState: 'none' };
const capture: Fact = { side: 'capture', cents: 4_200, currency: 'EUR' };
const refund: Fact = { side: 'refund', cents: 4_200 };
const run: Fact = { side: 'run' };
const told = (...types: string[]): Fact[] => types.map((type) => ({ side: 'event', type: `order.${type}` }));

const kinds = (order: ComparedOrder | undefined, facts: readonly Fact[], eventsSince: Date | null = null) =>
  findingsOfOrder({ order, facts, eventsSince }).map(([kind]) => kind);

test.each<[string, ComparedOrder, Fact[]]>([
  ['completed, captured and told', completed, [capture, ...told('created', 'processed')]],
  ['canceled and refunded', canceled, [capture, refund, ...told('created', 'canceled')]],
  ['canceled before it cost anything', { ...canceled, paymentState: 'none' }, told('created', 'canceled')],
  ['failed', { ...canceled, status: 'failed', paymentState: 'none' }, told('created', 'failed')],
  ['pending with its run', pending, [run, ...told('created')]],
  [
    'processing, captured a moment ago',
    { ...pending, status: 'processing' },
    [run, capture, ...told('created')],
  ],
])('nothing is said against an order that is %s', (_, order, facts) => {
  expect(kinds(order, facts)).toEqual([]);
});

const whole = told('created', 'processed');
test.each<[string, ComparedOrder | undefined, Fact[]]>([
  ['captured_twice', completed, [capture, capture, ...whole]],
  ['amount_differs', completed, [{ ...capture, cents: 4_201 }, ...whole]],
  ['amount_differs', completed, [{ ...capture, currency: 'USD' }, ...whole]],
  ['completed_without_capture', completed, whole],
  ['completed_but_refunded', completed, [capture, refund, ...whole]],
  ['refunded_too_much', canceled, [capture, refund, refund, ...told('created', 'canceled')]],
  ['refund_without_capture', canceled, [refund, ...told('created', 'canceled')]],
  ['payment_state_differs', { ...completed, paymentState: 'none' }, [capture, ...whole]],
  ['run_still_open', completed, [capture, run, ...whole]],
  ['no_run', pending, told('created')],
  ['created_event_missing', completed, [capture, ...told('processed')]],
  ['terminal_event_missing', completed, [capture, ...told('created')]],
  ['two_terminal_events', completed, [capture, ...whole, ...told('failed')]],
  ['event_contradicts_order', completed, [capture, ...told('created', 'failed')]],
  ['event_contradicts_order', pending, [run, ...whole]],
  ['capture_without_order', undefined, [capture, refund]],
  ['refund_without_capture', undefined, [refund]],
  ['run_without_order', undefined, [run]],
  ['event_of_unknown_order', undefined, told('created')],
])('%s', (kind, order, facts) => {
  expect(kinds(order, facts)).toEqual([kind]);
});

test('what was charged and not given back is told of every order that is not completed', () => {
  for (const status of ['failed', 'canceled'] as const) {
    const order = { ...canceled, status, paymentState: 'none' } as const;
    expect(kinds(order, [capture, ...told('created', status)])).toEqual(['capture_not_refunded']);
  }
});

test('events that topics have dropped for their age are not missed', () => {
  expect(kinds(completed, [capture], new Date(long.getTime() + 1))).toEqual([]);
  expect(kinds(completed, [capture], new Date(long.getTime() - 1))).toEqual([
    'created_event_missing',
    'terminal_event_missing',
  ]);
});
