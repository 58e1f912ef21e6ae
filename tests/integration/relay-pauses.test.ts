import { startRelay } from '../../src/consumers/outbox-relay.ts';
import { createPool } from '../../src/store/pool.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaProxy, listenTo, makeTopics, testKafka } from '../support/kafka.ts';
import { memoryLog } from '../support/log.ts';
import { sameTopic, startTestRelay, unsent } from '../support/relay.ts';

async function addEvents(database: TestDatabase, type: string, keys: readonly string[]): Promise<void> {
  await database.rows(
    `insert into outbox (event_id, type, key, body, created_at)
     select gen_random_uuid(), $1, key, '{}', now() from unnest($2::text[]) as key`,
    [type, keys],
  );
}

const manyKeys = Array.from({ length: 3_000 }, (_, at) => `many-${at}`);

/** JSON, but for `order.failed` while it does not fit. */
function brokenEncodings() {
  const state = { isBroken: true };
  const encodings = (type: string) => ({
    contentType: 'application/json',
    schemaUrl: '',
    encode: (body: string) => {
      if (type === 'order.failed' && state.isBroken) throw new Error('does not fit its schema');
      return body;
    },
  });
  return { state, encodings };
}

// Side by side, each on a database of its own: most of it is waiting for pauses to end.
test.concurrent('thousands of events that do not fit their schema hold up no other type, be it of the same topic, and go when they do', async () => {
  await using database = await freshDatabase();
  const { all } = await makeTopics(['all']);
  await using listener = await listenTo([all]);
  const { log, lines } = memoryLog();
  const { state, encodings } = brokenEncodings();
  await addEvents(database, 'order.failed', manyKeys);
  await using _relay = await startTestRelay({ database, topics: sameTopic(all), encodings, log });
  const failures = () => lines.filter(({ msg }) => msg.startsWith('events not published'));
  await eventually(async () => expect(failures().length).toBeGreaterThanOrEqual(3), 20_000);
  await addEvents(database, 'order.created', ['a', 'b']);
  await eventually(async () => expect(listener.records).toHaveLength(2), 20_000);
  expect(await unsent(database)).toBe(manyKeys.length);
  const pauses = failures().map(({ retry_ms }) => Number(retry_ms));
  expect(pauses).toEqual(pauses.toSorted((one, other) => one - other));
  expect(lines.filter(({ msg }) => msg === 'outbox partitions shared out')).toHaveLength(1);
  state.isBroken = false;
  await eventually(async () => expect(await unsent(database)).toBe(0), 30_000);
}, 90_000);

test.concurrent('a topic that is missing holds up its own events and what their orders have behind them, not the others', async () => {
  await using database = await freshDatabase();
  const { all } = await makeTopics(['all']);
  await using listener = await listenTo([all]);
  await addEvents(database, 'order.canceled', ['early']);
  await addEvents(database, 'order.created', ['early', 'late', ...manyKeys]);
  await addEvents(database, 'order.canceled', ['late', 'other']);
  const topics = { ...sameTopic(all), 'order.created': 'nowhere' };
  await using _relay = await startTestRelay({ database, topics });
  const keys = () => listener.records.map(({ key }) => String(key));
  await eventually(async () => expect(keys()).toEqual(['early', 'other']), 30_000);
  await addEvents(database, 'order.canceled', ['another']);
  await eventually(async () => expect(keys()).toEqual(['early', 'other', 'another']), 30_000);
  // Those that were sent leave a moment after they have arrived.
  const canceled = () => database.rows(`select key from outbox where type = 'order.canceled'`);
  await eventually(async () => expect(await canceled()).toEqual([{ key: 'late' }]), 20_000);
}, 90_000);

test.concurrent('without a broker a relay tries with pauses that grow, and sends all when there is one', async () => {
  await using database = await freshDatabase();
  const { all } = await makeTopics(['all']);
  await using listener = await listenTo([all]);
  await using proxy = await kafkaProxy();
  const { log, lines } = memoryLog();
  const client = testKafka([`127.0.0.1:${proxy.port}`]);
  // kafkajs' own repeats of a send would add nothing but time.
  const kafka: typeof client = { ...client, producer: () => client.producer({ retries: 0 }) };
  await using _relay = await startTestRelay({ database, topics: sameTopic(all), kafka, log });
  await addEvents(database, 'order.created', ['a']);
  await eventually(async () => expect(listener.records).toHaveLength(1), 20_000);
  await proxy.cut();
  await addEvents(database, 'order.created', ['b', 'c']);
  await addEvents(database, 'order.canceled', ['b', 'd']);
  const pauses = () =>
    lines.filter(({ msg }) => msg.startsWith('events not published')).map(({ retry_ms }) => retry_ms);
  await eventually(async () => expect(pauses().slice(0, 2)).toEqual([100, 200]), 60_000);
  await proxy.heal();
  await eventually(async () => expect(await unsent(database)).toBe(0), 60_000);
}, 150_000);

test.concurrent('an event is sent although ids have begun anew below the last that was sent', async () => {
  await using database = await freshDatabase();
  const { all } = await makeTopics(['all']);
  await using listener = await listenTo([all]);
  await database.rows(`select setval('outbox_id_seq', 1000000)`);
  await addEvents(database, 'order.created', ['before']);
  await using _relay = await startTestRelay({ database, topics: sameTopic(all) });
  await eventually(async () => expect(listener.records).toHaveLength(1), 20_000);
  await database.rows('truncate outbox restart identity');
  await addEvents(database, 'order.created', ['after']);
  await eventually(async () => expect(listener.records).toHaveLength(2), 20_000);
}, 60_000);

test.concurrent('a backlog that cannot be counted does not end a relay’s session', async () => {
  await using database = await freshDatabase();
  const { all } = await makeTopics(['all']);
  await using listener = await listenTo([all]);
  const { log, lines } = memoryLog();
  const pool = await createPool({
    url: database.url,
    maxConnections: 5,
    maxIdleConnections: 1,
    maxConnectionAgeMs: 60_000,
  });
  await using _pool = pool;
  const failing: typeof pool = {
    rows: (statement) =>
      statement.sql.includes('oldest_seconds')
        ? Promise.reject(new Error('too slow to count'))
        : pool.rows(statement),
    [Symbol.asyncDispose]: async () => {},
  };
  const relay = { pool: failing, databaseUrl: database.url, kafka: testKafka(), topics: sameTopic(all), log };
  await using _relay = await startRelay(relay);
  const words = () => lines.map(({ msg }) => msg);
  await eventually(
    async () => expect(words()).toContain('outbox not measured, its figures are left out'),
    20_000,
  );
  await addEvents(database, 'order.created', ['a']);
  await eventually(async () => expect(listener.records).toHaveLength(1), 20_000);
  expect(words().filter((word) => word === 'outbox partitions shared out')).toHaveLength(1);
}, 60_000);
