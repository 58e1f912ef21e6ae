import fc from 'fast-check';
import { newId } from '../../core/id.ts';
import { transactionCreated, transactionFailed, transactionProcessed } from '../../ledger/events.ts';
import { pendingTransaction } from '../../ledger/transaction.ts';
import { orderCanceled, orderFailed, orderProcessed } from '../../order/events.ts';
import { orders } from '../domains.ts';
import { avroCodec } from './avro.ts';
import { eventName, newestSchema } from './event-schemas.ts';
import { protobufCodec, readMessages } from './protobuf.ts';
import { registeredEncodings } from './registered-encodings.ts';
import { createdBody, listOf, schemaFile } from './samples.fixture.ts';
import { createValueReader } from './value-reader.ts';
import { frame, writeWay } from './wire.ts';

const time = new Date('2026-11-21T10:00:00.000Z');
const outcome = { orderId: newId(), amountCents: 4_200, currency: 'EUR', merchantId: null };
const transaction = pendingTransaction(
  newId(),
  {
    owner: 'anonymous',
    accountId: newId(),
    counterAccountId: null,
    type: 'DEBIT',
    amountCents: 2 ** 40,
    currency: 'EUR',
    traceId: null,
    correlationId: null,
  },
  time,
);
const failed = transactionFailed(transaction, time);
const events = [
  { type: 'order.created', body: createdBody() },
  orderProcessed({ ...outcome, paymentId: 'ch_1' }, time),
  orderFailed({ ...outcome, reason: 'card_declined' }, time),
  orderCanceled(outcome, time),
  transactionCreated(transaction),
  transactionProcessed(transaction, time),
  // The reason is found out by the statement that writes it.
  { type: failed.type, body: { ...failed.body, reason: 'insufficient_funds' } },
] as const;
const formats = ['avro', 'protobuf'] as const;

describe.each(formats)('in %s', (format) => {
  test.each(events)('$type comes back as it was sent', async ({ type, body }) => {
    const newest = newestSchema(type, format) ?? '';
    const schemas = listOf([
      { format, schema: 'some other' },
      { format, schema: newest },
    ]);
    const encodings = registeredEncodings(format, { schemas, registryUrl: 'http://registry/v7' });
    const encoding = await encodings(type, type);
    expect(encoding).toMatchObject({
      contentType: `application/${format}`,
      schemaUrl: 'http://registry/v7/schemas/ids/2',
    });
    const framed = Buffer.from(encoding.encode(JSON.stringify(body)));
    expect([framed[0], framed.readUInt32BE(1)]).toEqual([0, 2]);
    const read = JSON.parse(JSON.stringify(await createValueReader(schemas)(framed, type)));
    expect(read).toEqual({ ...unsetIn(type), ...body });
  });

  test('a dead letter stays JSON, for people to read', async () => {
    const encodings = registeredEncodings(format, { schemas: listOf([]), registryUrl: '' });
    const encoding = await encodings('transaction.dead', 'transactions.dlq');
    expect(encoding.encode('{"a":1}')).toBe('{"a":1}');
  });
});

/** What the second version added, which nobody set. */
function unsetIn(type: string) {
  return { customer_reference: null, ...(type === 'order.created' ? { channel: null } : {}) };
}

const body = createdBody();
const newer = { ...body, customer_reference: 'PO-7', channel: 'phone' };
const name = eventName('order.created');
const avro = (version: number) => schemaFile(`avro/order.created.v${version}.avsc`).schema;
const proto = (version: number) => schemaFile(`protobuf/events.v${version}.proto`).schema;
const avroOf = (version: number, given: unknown) => avroCodec(avro(version)).encode(given);
const protoOf = (version: number, given: unknown) => protobufCodec(proto(version), name).encode(given);

test('old and new read one another: what the one does not know is left out, what the other did not say is null', () => {
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
  expect(plain(avroCodec(avro(1), avro(2)).decode(avroOf(2, newer)))).toEqual(body);
  expect(plain(avroCodec(avro(2), avro(1)).decode(avroOf(1, body)))).toEqual({
    ...body,
    customer_reference: null,
    channel: null,
  });
  expect(protobufCodec(proto(1), name).decode(protoOf(2, newer))).toEqual(body);
  expect(protobufCodec(proto(2), name).decode(protoOf(1, body))).toEqual({
    ...body,
    customer_reference: null,
    channel: null,
  });
});

const key = Buffer.from(body.order_id);
const schemas = listOf([
  schemaFile('avro/order.created.v1.avsc'),
  schemaFile('avro/order.created.v2.avsc'),
  schemaFile('protobuf/events.v1.proto'),
  schemaFile('protobuf/events.v2.proto'),
  schemaFile('avro/order.failed.v1.avsc'),
  { format: 'avro', schema: avro(1).replaceAll('"long"', '"string"') },
  { format: 'avro', schema: '{"type":' },
  { format: 'protobuf', schema: 'message' },
]);
const readValue = createValueReader(schemas);
const way = writeWay([0]);
const reading = (value: Buffer, headers = {}) => orders.read({ key, value, headers }, readValue);

test.each([
  ['JSON', Buffer.from(JSON.stringify(body))],
  ['Avro, version 1', frame(1, avroOf(1, body))],
  ['Avro, version 2', frame(2, avroOf(2, newer))],
  ['Protobuf, version 1', frame(3, protoOf(1, body), way)],
  ['Protobuf, version 2', frame(4, protoOf(2, newer), way)],
  ['Protobuf, with the way to its message written out', frame(4, protoOf(2, newer), Buffer.from([2, 0]))],
])('one reader understands %s', async (_, value) => {
  expect(await reading(value)).toMatchObject({ id: body.order_id });
});

const avroBytes = avroOf(1, body);
const protoBytes = protoOf(1, body);
const secondMessage = writeWay(readMessages(proto(1)).wayTo(eventName('order.processed')));

test.each([
  ['parse', 'a prefix that is cut off', Buffer.from([0, 0, 0])],
  ['parse', 'Avro cut off', frame(1, avroBytes.subarray(0, -9))],
  ['parse', 'Avro with nothing in it', frame(1, Buffer.alloc(0))],
  ['parse', 'Avro with more behind it', frame(1, Buffer.concat([avroBytes, avroBytes]))],
  ['parse', 'Protobuf cut off', frame(3, protoBytes.subarray(0, -9), way)],
  ['parse', 'Protobuf without a way', frame(3, Buffer.alloc(0))],
  ['parse', 'a way that is endless', frame(3, protoBytes, Buffer.from([0xfe, 0xff, 0xff, 0xff]))],
  ['parse', 'an amount that is a text', frame(3, Buffer.from([0x1a, 3, 0x08, 0x96, 0x01]), way)],
  ['schema', 'Protobuf with nothing in it', frame(3, Buffer.alloc(0), way)],
  ['schema', 'a schema nobody knows', frame(99, avroBytes)],
  ['schema', 'another event in Avro', frame(5, avroBytes)],
  ['schema', 'a schema with other types', frame(6, avroBytes)],
  ['schema', 'a schema that is none', frame(7, avroBytes)],
  ['schema', 'a Protobuf schema that is none', frame(8, protoBytes, way)],
  ['schema', 'another message', frame(3, protoBytes, secondMessage)],
  ['schema', 'a message that its schema lacks', frame(3, protoBytes, writeWay([500]))],
  ['schema', 'a major version of tomorrow', frame(1, avroOf(1, { ...body, schema_version: 2 }))],
  ['schema', 'the same in Protobuf', frame(3, protoOf(1, { ...body, schema_version: 2 }), way)],
  ['invalid', 'an amount of nothing', frame(3, protoOf(1, { ...body, amount_cents: 0 }), way)],
  ['invalid', 'an amount below zero', frame(1, avroOf(1, { ...body, amount_cents: -1 }))],
] as const)('%s: %s', async (faultClass, _, value) => {
  await expect(reading(value)).rejects.toThrow(
    expect.objectContaining({ name: 'RecordFault', class: faultClass }),
  );
});

test('an order that announces 2³¹ items in a hundred bytes is refused at once', async () => {
  const none = avroOf(1, { ...body, items: [] });
  // The count stands before the length of the text that follows.
  const at = none.indexOf(body.created_at) - 2;
  const count = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x10]);
  const value = Buffer.concat([none.subarray(0, at), count, none.subarray(at + 1)]);
  await expect(reading(frame(1, value))).rejects.toMatchObject({
    class: 'parse',
    message: expect.stringContaining('more items are announced'),
  });
});

test.each([1, 2, 3, 4])('any bytes whatever under schema %i are read, or the record’s fault', async (id) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const outcome = await reading(frame(id, Buffer.from(bytes))).catch((error: unknown) => error);
      expect(outcome).toMatchObject({ name: 'RecordFault' });
    }),
    { numRuns: 500 },
  );
});

test('what is said to be Avro and has no schema’s id cannot be parsed; nothing is guessed', async () => {
  const value = Buffer.from(JSON.stringify(body));
  await expect(reading(value, { 'content-type': 'application/avro' })).rejects.toMatchObject({
    class: 'parse',
  });
});

test('without a registry a record in Avro is set aside, and its reason says what to set', async () => {
  await expect(orders.read({ key, value: frame(1, avroBytes) })).rejects.toMatchObject({
    class: 'schema',
    message: expect.stringContaining('SCHEMA_REGISTRY_URL'),
  });
});

test('while nobody can say what a schema is the record waits, and it is asked for anew', async () => {
  let isUp = false;
  let asked = 0;
  const read = createValueReader({
    read: async (id) => {
      asked += 1;
      if (!isUp) throw new Error('connection refused');
      return schemas.read(id);
    },
  });
  const attempt = () => orders.read({ key, value: frame(1, avroBytes) }, read);
  await expect(attempt()).rejects.toThrow('connection refused');
  await expect(attempt()).rejects.not.toMatchObject({ name: 'RecordFault' });
  isUp = true;
  await attempt();
  const before = asked;
  await Promise.all([attempt(), attempt(), attempt()]);
  expect(asked).toBe(before);
});
