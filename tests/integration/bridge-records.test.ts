import { randomUUID } from 'node:crypto';
import { CompressionTypes } from 'kafkajs';
import { describeRun, orderCreatedRecord, startTestBridge, type TestBridge } from '../support/bridge.ts';
import { eventually } from '../support/eventually.ts';
import { committedOffset, listenTo, send } from '../support/kafka.ts';

const resources = new AsyncDisposableStack();
let bridge: TestBridge;
let letters: Awaited<ReturnType<typeof listenTo>>;

beforeAll(async () => {
  bridge = resources.use(await startTestBridge());
  letters = resources.use(await listenTo([bridge.dlq]));
});
afterAll(() => resources.disposeAsync());

async function untilStarted(id: string): Promise<void> {
  await eventually(async () => expect(bridge.started()).toContain(id), 15_000);
}

test('a record starts its order’s run, and says in the Web UI what it is about', async () => {
  const record = orderCreatedRecord();
  await send(bridge.source, [record]);
  await untilStarted(record.id);
  const run = await describeRun(record.id);
  expect(run).toMatchObject({
    type: 'processOrder',
    taskQueue: bridge.taskQueue,
    status: { name: 'RUNNING' },
  });
  expect(run.searchAttributes).toEqual({ MerchantId: ['shop-7'] });
  expect(await run.staticSummary()).toBe(`order ${record.id.slice(0, 8)}… · 1 item · 42.00 EUR`);
});

test('the same record again, and again later, starts nothing and counts as a duplicate', async () => {
  const record = orderCreatedRecord();
  await send(bridge.source, [record, record, record]);
  await eventually(
    async () => expect(bridge.started({ duplicate: true }).filter((id) => id === record.id)).toHaveLength(2),
    15_000,
  );
  const { runId } = await describeRun(record.id);
  await send(bridge.source, [record]);
  await eventually(
    async () => expect(bridge.started({ duplicate: true }).filter((id) => id === record.id)).toHaveLength(3),
    15_000,
  );
  expect(bridge.started().filter((id) => id === record.id)).toHaveLength(1);
  expect((await describeRun(record.id)).runId).toBe(runId);
});

const good = orderCreatedRecord;
const broken = [
  ['not JSON', { ...good(), value: '{"order_id":' }, 'parse', /not JSON/],
  ['empty', { ...good(), value: '' }, 'parse', /not JSON/],
  ['without a value', { ...good(), value: null }, 'parse', /no value/],
  ['without a key', { ...good(), key: null }, 'invalid', /no key/],
  ['of an unknown version', good({ schema_version: 2 }), 'schema', /schema_version 2/],
  ['without a version', good({ schema_version: undefined }), 'schema', /schema_version/],
  ['that is JSON, but no object', { ...good(), value: '[1]' }, 'schema', /schema_version/],
  ['with an amount of the wrong type', good({ amount_cents: '4200' }), 'invalid', /amount_cents/],
  ['with a fraction of a cent', good({ amount_cents: 0.5 }), 'invalid', /amount_cents/],
  ['with no amount', good({ amount_cents: undefined }), 'invalid', /amount_cents/],
  ['with a currency that is none', good({ currency: 'euro' }), 'invalid', /currency/],
  ['with items of the wrong type', good({ items: 'none' }), 'invalid', /items/],
  ['whose order_id is no UUID', good({ order_id: 'seven' }), 'invalid', /order_id/],
  [
    'whose order_id is not its key',
    { ...good(), key: randomUUID() },
    'invalid',
    /order_id is not the record’s key/,
  ],
  ['of 2 MB', good({ padding: 'x'.repeat(2_000_000) }), 'invalid', /bytes/],
] as const;

test.each(broken)(
  'a record %s is set aside with its reason, and the next one starts',
  async (_, record, faultClass, reason) => {
    const before = letters.records.length;
    const next = orderCreatedRecord();
    await send(bridge.source, [record, next]);
    await untilStarted(next.id);
    await eventually(async () => expect(letters.records).toHaveLength(before + 1), 15_000);
    const letter = letters.records[before];
    const headers = Object.fromEntries(
      Object.entries(letter?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    expect(letter?.key?.toString() ?? null).toBe(record.key);
    expect(letter?.value?.toString() ?? null).toBe(record.value);
    expect(headers).toMatchObject({
      dlq_class: faultClass,
      dlq_reason: expect.stringMatching(reason),
      dlq_group: bridge.group,
      dlq_topic: bridge.source,
      dlq_partition: '0',
      dlq_offset: expect.stringMatching(/^\d+$/),
      dlq_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    expect(bridge.started()).not.toContain(record.id);
  },
);

test('a broken record with headers named like what every object has is set aside with them, and the next one starts', async () => {
  const before = letters.records.length;
  const next = orderCreatedRecord();
  const headers = { constructor: 'x', valueOf: 'y', mark: ['one', 'two'] };
  await send(bridge.source, [{ ...good(), value: 'broken', headers }, next]);
  await untilStarted(next.id);
  await eventually(async () => expect(letters.records).toHaveLength(before + 1), 15_000);
  const found = letters.records[before]?.headers ?? {};
  const bytes = (name: string) => [found[name]].flat().filter((value) => Buffer.isBuffer(value));
  expect([...bytes('constructor'), ...bytes('valueOf'), ...bytes('mark')].join()).toBe('x,y,one,two');
});

test('a record with 50,000 headers does not hold the next one up', async () => {
  const next = orderCreatedRecord();
  const headers = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`h${at}`, '']));
  await send(bridge.source, [{ ...orderCreatedRecord(), headers }, next]);
  await untilStarted(next.id);
});

test('a broken record with a key of 1.4 MB is set aside with it, and the next one starts', async () => {
  const before = letters.records.length;
  const next = orderCreatedRecord();
  const key = 'k'.repeat(1_400_000);
  await send(bridge.source, [
    { ...good(), key, partition: 0 },
    { ...next, partition: 0 },
  ]);
  await untilStarted(next.id);
  await eventually(async () => expect(letters.records).toHaveLength(before + 1), 15_000);
  expect(letters.records[before]?.key).toHaveLength(key.length);
});

test('a broken record that unpacked is too large for the dead letters is set aside cut short, and the next one starts', async () => {
  const before = letters.records.length;
  const next = orderCreatedRecord();
  await send(bridge.source, [{ ...good(), value: ' '.repeat(9_000_000) }, next], CompressionTypes.GZIP);
  await untilStarted(next.id);
  await eventually(async () => expect(letters.records).toHaveLength(before + 1), 15_000);
  const letter = letters.records[before];
  expect(letter?.value).toHaveLength(65_536);
  expect(String(letter?.headers?.dlq_cut)).toMatch(/^36\+9000000 bytes/);
});

test('after all of these every offset is committed', async () => {
  const sent = Number(letters.records.at(-1)?.headers?.dlq_offset) + 2;
  await eventually(async () => expect(await committedOffset(bridge.group, bridge.source)).toBe(sent), 15_000);
});
