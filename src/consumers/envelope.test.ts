import { newId } from '../core/id.ts';
import { orderCreated } from '../order/events.ts';
import { orders } from './domains.ts';
import { traceOf } from './envelope.ts';
import { RecordFault } from './faults.ts';

const readOrderCreated = orders.read;

const order = {
  id: newId(),
  owner: 'anonymous',
  customerEmail: null,
  amountCents: 4_200,
  currency: 'EUR',
  merchantId: null,
  items: [],
  status: 'pending',
  paymentState: 'none',
  failureReason: null,
  cancelRequestedAt: null,
  failRequested: null,
  version: 1,
  traceId: null,
  correlationId: null,
  createdAt: new Date(),
  updatedAt: new Date(),
} as const;

const record = (change: Record<string, unknown> = {}) => ({
  key: Buffer.from(order.id),
  value: Buffer.from(JSON.stringify({ ...orderCreated(order).body, ...change })),
});

test('what the outbox writes the bridge understands', async () => {
  const { id, begin } = await readOrderCreated(record());
  const position = { topic: 'order.created', partition: 0, offset: '7' };
  expect(id).toBe(order.id);
  expect(begin(position)).toMatchObject({
    workflowType: 'processOrder',
    workflowId: `order-${order.id}`,
    input: { v: 1, orderId: order.id, record: position },
  });
});

test('a field that a later minor version adds does no harm', async () => {
  expect(await readOrderCreated(record({ gift: true }))).toMatchObject({ id: order.id });
});

test.each([
  ['parse', { ...record(), value: Buffer.from('{') }],
  ['parse', { ...record(), value: null }],
  ['invalid', { ...record(), key: null }],
  ['schema', record({ schema_version: '1' })],
  ['schema', { ...record(), value: Buffer.from('null') }],
  ['invalid', record({ amount_cents: 2 ** 53 })],
  ['invalid', record({ padding: 'x'.repeat(1_500_000) })],
] as const)('a record that can never work has a class: %s', async (faultClass, broken) => {
  await expect(readOrderCreated(broken)).rejects.toThrow(
    expect.objectContaining({ name: 'RecordFault', class: faultClass }),
  );
});

test('a record’s trace is what its header says, or none', () => {
  expect(traceOf({ headers: { traceparent: Buffer.from('00-a-b-01') } })).toEqual({
    traceparent: '00-a-b-01',
  });
  expect(traceOf({ headers: {} })).toEqual({});
  expect(traceOf({})).toEqual({});
});

test('an id in another spelling is refused: it would name another workflow of the same order', async () => {
  const shouted = order.id.toUpperCase();
  const reading = readOrderCreated({ ...record({ order_id: shouted }), key: Buffer.from(shouted) });
  await expect(reading).rejects.toThrow('order_id');
});

test('a record nested so deep that reading it exhausts the stack is a fault of the record, told briefly', async () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const value = Buffer.from(`{"schema_version":${deep},"order_id":"${order.id}"}`);
  const fault = await faultOf(readOrderCreated({ key: Buffer.from(order.id), value }));
  expect(fault).toBeInstanceOf(RecordFault);
});

test('a reason is short however large what it speaks of is', async () => {
  const fault = await faultOf(readOrderCreated(record({ schema_version: 'v'.repeat(1_000_000) })));
  expect(fault instanceof Error && fault.message.length).toBe(1_000);
});

function faultOf(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => error);
}
