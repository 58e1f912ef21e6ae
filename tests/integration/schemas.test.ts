import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { avroCodec } from '../../src/consumers/formats/avro.ts';
import { eventName } from '../../src/consumers/formats/event-schemas.ts';
import { protobufCodec } from '../../src/consumers/formats/protobuf.ts';
import { openSchemas, type Schemas } from '../../src/consumers/formats/schemas.ts';
import { frame, writeWay } from '../../src/consumers/formats/wire.ts';
import {
  createSchemaRegistry,
  type SchemaFormat,
  type SchemaRegistry,
} from '../../src/platform/schema-registry.ts';
import { orderCreatedRecord, startTestBridge } from '../support/bridge.ts';
import { databaseOfFile } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { committedOffset, listenTo, makeTopics, send } from '../support/kafka.ts';
import { memoryLog } from '../support/log.ts';
import { placed } from '../support/orders.ts';
import { type Link, startProxy } from '../support/proxy.ts';
import { startTestRegistry, type TestRegistry } from '../support/registry.ts';
import { sameTopic, startTestRelay, unsent } from '../support/relay.ts';

const { database, pool } = await databaseOfFile();
const resources = new AsyncDisposableStack();
let server: TestRegistry;
let link: Link;
/** By a way that can be cut. */
let address: URL;
let registry: SchemaRegistry;

beforeAll(async () => {
  server = resources.use(await startTestRegistry());
  link = resources.use(await startProxy({ host: '127.0.0.1', port: server.port }));
  address = new URL(server.url.replace(`:${server.port}`, `:${link.port}`));
  registry = createSchemaRegistry(new URL(server.url));
}, 120_000);
afterAll(() => resources.disposeAsync());

/** What a process has that was started now. */
function newProcess(format: SchemaFormat | 'json' = 'json', log = memoryLog().log): Schemas {
  return openSchemas({ address, format, pool: async () => pool, log });
}

const name = eventName('order.created');
const files = [
  'avro/order.created.v1.avsc',
  'avro/order.created.v2.avsc',
  'protobuf/events.v1.proto',
  'protobuf/events.v2.proto',
];

/** A record of an order, as a producer writes it that registered this file. */
async function recordIn(file: string, subject = 'order.created-value') {
  const schema = readFileSync(`schemas/${file}`, 'utf8');
  const format = file.startsWith('avro') ? 'avro' : 'protobuf';
  const { id, key, value } = orderCreatedRecord(file.includes('v2') ? { channel: 'phone' } : {});
  const codec = format === 'avro' ? avroCodec(schema) : protobufCodec(schema, name);
  const way = format === 'avro' ? undefined : writeWay([0]);
  const schemaId = await registry.register(`${subject}-${format}`, { format, schema });
  return { id, key, value: frame(schemaId, codec.encode(JSON.parse(value)), way) };
}

test('JSON, Avro and Protobuf, old and new, start their orders’ runs from one topic, whatever lies between them', async () => {
  await using bridge = await startTestBridge({ readValue: newProcess().readValue });
  await using letters = await listenTo([bridge.dlq]);
  const good = [orderCreatedRecord(), ...(await Promise.all(files.map((file) => recordIn(file))))];
  const [avro, proto] = [
    await recordIn('avro/order.created.v1.avsc'),
    await recordIn('protobuf/events.v2.proto'),
  ];
  const broken = [
    { ...avro, value: Buffer.from([0, 0, 0]), class: 'parse' },
    { ...avro, value: avro.value.subarray(0, -9), class: 'parse' },
    { ...proto, value: proto.value.subarray(0, -3), class: 'parse' },
    { ...avro, value: frame(4_711, avro.value.subarray(5)), class: 'schema' },
  ];
  await send(
    bridge.source,
    good.flatMap((record, at) => [broken[at] ?? [], record].flat()),
  );
  await eventually(
    async () => expect(new Set(bridge.started())).toEqual(new Set(good.map(({ id }) => id))),
    30_000,
  );
  await eventually(
    async () =>
      expect(letters.records.map(({ headers }) => String(headers?.dlq_class))).toEqual(
        broken.map((record) => record.class),
      ),
    15_000,
  );
  expect(String(letters.records.at(-1)?.headers?.dlq_reason)).toMatch(/no schema 4711/);
  const all = good.length + broken.length;
  await eventually(async () => expect(await committedOffset(bridge.group, bridge.source)).toBe(all), 15_000);
}, 90_000);

test('while the registry is down known schemas are read, by a new process too, and an unknown one waits for it', async () => {
  const known = await recordIn('avro/order.created.v2.avsc');
  await newProcess().readValue(known.value, 'order.created');
  // Registered where nobody of ours has seen it.
  const schema = readFileSync('schemas/avro/order.created.v1.avsc', 'utf8').replace(
    'An order',
    'Another order',
  );
  const fresh = orderCreatedRecord();
  const schemaId = await registry.register('elsewhere', { format: 'avro', schema });
  const unknown = { ...fresh, value: frame(schemaId, avroCodec(schema).encode(JSON.parse(fresh.value))) };
  const { log, lines } = memoryLog();
  await link.cut();
  await using bridge = await startTestBridge({ readValue: newProcess('json', log).readValue });
  await using letters = await listenTo([bridge.dlq]);
  await send(bridge.source, [known]);
  await eventually(async () => expect(bridge.started()).toEqual([known.id]), 30_000);
  expect(lines.map(({ msg }) => msg)).toContain('schema registry does not answer, the kept schema is used');
  await send(bridge.source, [unknown]);
  await eventually(
    async () => expect(bridge.lines.map(({ msg }) => msg)).toContain('dependency down, partition waits'),
    30_000,
  );
  expect(await committedOffset(bridge.group, bridge.source)).toBe(1);
  await link.heal();
  await eventually(async () => expect(bridge.started()).toEqual([known.id, unknown.id]), 30_000);
  expect(letters.records).toEqual([]);
}, 120_000);

describe.each(['avro', 'protobuf'] as const)('a relay that writes %s', (format) => {
  test('keeps its rows until the registry has told the schema’s id, then sends what a bridge understands', async () => {
    const { dlq } = await makeTopics(['dlq']);
    await using bridge = await startTestBridge({ readValue: newProcess().readValue, deadLetterTopic: dlq });
    await using listener = await listenTo([bridge.source]);
    const { log, lines } = memoryLog();
    await link.cut();
    // No other process has ever asked.
    await database.rows('delete from known_schemas');
    const waiting = await placed(pool);
    await using _relay = await startTestRelay({
      database,
      topics: sameTopic(bridge.source),
      encodings: newProcess(format).encodings,
      log,
    });
    await eventually(
      async () =>
        expect(lines.map(({ msg }) => msg)).toContain('events not published, rows stay in the outbox'),
      30_000,
    );
    expect(await unsent(database)).toBe(1);
    await link.heal();
    await eventually(async () => expect(bridge.started()).toEqual([waiting.id]), 30_000);

    const headers = listener.records[0]?.headers ?? {};
    expect(String(headers['content-type'])).toBe(`application/${format}`);
    // It can be opened.
    const named = await (await fetch(String(headers.ce_dataschema))).json();
    expect(named).toMatchObject({
      schemaType: format.toUpperCase(),
      schema: expect.stringContaining('channel'),
    });

    await link.cut();
    const later = await placed(pool);
    await eventually(async () => expect(bridge.started()).toContain(later.id), 30_000);
    await eventually(async () => expect(await unsent(database)).toBe(0), 15_000);
    await link.heal();
  }, 120_000);

  test('knows the id after a restart while the registry is down', async () => {
    const { all } = await makeTopics(['all']);
    const topics = sameTopic(all);
    await newProcess(format).encodings('order.created', all);
    await using listener = await listenTo([all]);
    await link.cut();
    const order = await placed(pool);
    await using _relay = await startTestRelay({ database, topics, encodings: newProcess(format).encodings });
    await eventually(
      async () => expect(listener.records.map(({ key }) => String(key))).toEqual([order.id]),
      30_000,
    );
    await link.heal();
  }, 60_000);
});

test('an address that is no registry’s is an outage, not a missing schema: nothing is set aside for it', async () => {
  const wrong = createSchemaRegistry(new URL(`http://127.0.0.1:${server.port}/elsewhere`));
  await expect(wrong.read(1)).rejects.toThrow('SCHEMA_REGISTRY_URL');
  await expect(createSchemaRegistry(new URL('http://127.0.0.1:1')).read(1)).rejects.toThrow(
    'start it, or correct',
  );
  expect(await registry.read(4_711)).toBeUndefined();
});

test('the registry refuses what its rule for the subject forbids, and says so before anything is registered', async () => {
  const schema = (type: string) => ({
    format: 'avro' as const,
    schema: JSON.stringify({ type: 'record', name: 'A', fields: [{ name: 'cents', type }] }),
  });
  expect(await registry.incompatibilities('guarded', schema('long'))).toEqual([]);
  await registry.register('guarded', schema('long'));
  await ask('/config/guarded', { compatibility: 'FULL' }, 'PUT');
  expect(await registry.incompatibilities('guarded', schema('long'))).toEqual([]);
  expect((await registry.incompatibilities('guarded', schema('string'))).join()).toMatch(
    /cents|incompatible/i,
  );
  await expect(registry.register('guarded', schema('string'))).rejects.toThrow(/answered 409/);
});

test('an earlier system’s calls of its registry are answered, and what they registered outlives a crash', async () => {
  const body = { schema: '{"type":"record","name":"OrderEvent","fields":[{"name":"id","type":"string"}]}' };
  const { id } = z.object({ id: z.int() }).parse(await ask('/subjects/orders-value/versions', body));
  await server.crash();
  expect(await ask('/subjects/orders-value/versions/latest')).toMatchObject({ id, ...body });
  expect(await ask('/compatibility/subjects/orders-value/versions/latest', body)).toEqual({
    is_compatible: true,
  });
  expect(await registry.register('orders-value', { format: 'avro', ...body })).toBe(id);
}, 90_000);

/** As curl does it. */
async function ask(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') {
  const headers = { 'Content-Type': 'application/vnd.schemaregistry.v1+json' };
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer.status).toBe(200);
  return answer.json();
}
