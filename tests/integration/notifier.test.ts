import { startRetryIntake } from '../../src/consumers/retry-intake.ts';
import type { NotifierDeps } from '../../src/notifier/notifier.ts';
import { databaseOfFile } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { listenTo, makeTopics, send, testKafka } from '../support/kafka.ts';
import {
  notifying,
  orderProcessedRecord,
  startTestNotifier,
  stores,
  type TestNotifier,
} from '../support/notifier.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const { database, pool } = await databaseOfFile();
let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
}, 90_000);
afterAll(() => redis?.[Symbol.asyncDispose]());

const events = 12;

async function toldOf(records: readonly { key: string }[]): Promise<number[]> {
  const rows = await database.rows<{ count: number }>(
    'select count(*)::int4 as count from notifications where order_id = any($1) group by order_id',
    [records.map(({ key }) => key)],
  );
  return rows.map(({ count }) => count);
}

const eachOnce = Array<number>(events).fill(1);

/** How often each customer had been told, after each of the steps. */
interface Told {
  readonly alone: number[];
  readonly together: number[];
  readonly again: number[];
  readonly effects: number;
}

/** The same events four times at once, three times while a second member joins, three times without the first, and then all again. */
async function walk(store: (typeof stores)[number]): Promise<Told> {
  const given = await notifying(store, { pool, redis: redis.address });
  const records = Array.from({ length: events }, orderProcessedRecord);
  const copies = (count: number) => send(given.topic, Array.from({ length: count }, () => records).flat());
  const members: TestNotifier[] = [];
  const join = async () => {
    const member = await startTestNotifier(given);
    members.push(member);
    return member;
  };
  const handled = () => members.flatMap((member) => member.handled());
  const all = (count: number) =>
    // What a rebalance cut off is read again.
    eventually(async () => expect(handled().length).toBeGreaterThanOrEqual(count * events), 60_000);

  await using first = await join();
  await copies(4);
  await all(4);
  const alone = await toldOf(records);
  {
    await using _second = await join();
    await copies(3);
    await all(7);
    await first[Symbol.asyncDispose]();
    await copies(3);
    await all(10);
  }
  const together = await toldOf(records);
  await fromTheBeginning(given);
  const before = handled().length;
  await using _third = await join();
  await eventually(async () => expect(handled().length - before).toBe(10 * events), 60_000);
  const again = await toldOf(records);
  return { alone, together, again, effects: handled().filter(({ duplicate }) => !duplicate).length };
}

describe('a customer is told once', () => {
  const walks = new Map<string, Promise<Told>>();
  // Side by side: most of it is waiting for groups to find together.
  beforeAll(() => {
    for (const store of stores) {
      const walking = walk(store);
      walking.catch(() => {});
      walks.set(store, walking);
    }
  });
  afterAll(() => Promise.allSettled(walks.values()));

  test.each(stores)(
    'with DEDUP_STORE=%s, at once, by two members in turn, and when all is read from the beginning',
    async (store) => {
      expect(await walks.get(store)).toEqual({
        alone: eachOnce,
        together: eachOnce,
        again: eachOnce,
        effects: events,
      });
    },
    200_000,
  );
});

test('what can never be told goes to the dead letters, and what comes behind is told', async () => {
  const given = await notifying('postgres', { pool, redis: redis.address });
  const [good, unknown, nameless, last] = Array.from({ length: 4 }, orderProcessedRecord) as [
    ReturnType<typeof orderProcessedRecord>,
    ReturnType<typeof orderProcessedRecord>,
    ReturnType<typeof orderProcessedRecord>,
    ReturnType<typeof orderProcessedRecord>,
  ];
  await send(
    given.topic,
    [
      good,
      { ...good, value: '{"order_id":' },
      { ...unknown, value: JSON.stringify({ order_id: unknown.key, schema_version: 9 }) },
      { key: nameless.key, value: nameless.value },
      { ...good, value: null },
      last,
    ].map((record) => ({ ...record, partition: 0 })),
  );
  await using _notifier = await startTestNotifier(given);
  await using letters = await listenTo([given.deadLetterTopic]);
  await eventually(async () => expect(letters.records).toHaveLength(4), 30_000);
  expect(letters.records.map(({ headers }) => String(headers?.dlq_class)).toSorted()).toEqual([
    'invalid',
    'parse',
    'parse',
    'schema',
  ]);
  await eventually(async () => expect(await toldOf([good, last])).toEqual([1, 1]), 15_000);
  expect(await toldOf([unknown, nameless])).toEqual([]);
}, 60_000);

test('what Postgres refuses for what it is gets its attempts and is set aside, while the others are told', async () => {
  const given = await notifying('postgres', { pool, redis: redis.address });
  const { retry: topic } = await makeTopics(['retry']);
  const [refused, ...others] = Array.from({ length: events }, orderProcessedRecord);
  await database.rows(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'refused'; end $$`);
  await database.rows(
    `create trigger refuse before insert on notifications for each row when (new.order_id = '${refused?.key}')
     execute function refuse()`,
  );
  const retry = { pool, topic, maxAttempts: 2, initialMs: 10, maxMs: 50 };
  await using notifier = await startTestNotifier({ ...given, retry });
  await using _intake = await startRetryIntake({
    ...given,
    topic,
    group: `${given.group}-retry`,
    targets: [notifier.consumer],
  });
  await using letters = await listenTo([given.deadLetterTopic]);
  await send(
    given.topic,
    [refused, ...others].filter((record) => record !== undefined),
  );
  await eventually(async () => expect(letters.records).toHaveLength(1), 60_000);
  expect(letters.records[0]?.key?.toString()).toBe(refused?.key);
  expect(letters.records[0]?.headers).toMatchObject({
    dlq_class: Buffer.from('exhausted'),
    dlq_attempts: Buffer.from('2'),
  });
  await eventually(async () => expect(await toldOf(others)).toEqual(eachOnce.slice(1)), 15_000);
}, 120_000);

test('while Redis is down nothing is passed over, and all is told when it is back', async () => {
  const given = await notifying('redis', { pool, redis: redis.address });
  await using notifier = await startTestNotifier(given);
  const records = Array.from({ length: events }, orderProcessedRecord);
  await redis.kill();
  try {
    await send(given.topic, records);
    await eventually(
      async () => expect(notifier.lines.map(({ msg }) => msg)).toContain('dependency down, partition waits'),
      30_000,
    );
    expect(await toldOf(records)).toEqual([]);
  } finally {
    await redis.start();
  }
  await eventually(async () => expect(await toldOf(records)).toEqual(eachOnce), 60_000);
}, 120_000);

test('hybrid goes on without Redis, and without what Redis knew', async () => {
  const given = await notifying('hybrid', { pool, redis: redis.address });
  const records = Array.from({ length: events }, orderProcessedRecord);
  await using notifier = await startTestNotifier(given);
  const handled = (count: number) =>
    eventually(async () => expect(notifier.handled()).toHaveLength(count * events), 60_000);
  await send(given.topic, records);
  await handled(1);
  await redis.command('FLUSHALL');
  await send(given.topic, records);
  await handled(2);
  await redis.kill();
  const later = Array.from({ length: events }, orderProcessedRecord);
  try {
    await send(given.topic, [...records, ...later, ...later]);
    await handled(5);
  } finally {
    await redis.start();
  }
  await send(given.topic, later);
  await handled(6);
  expect(await toldOf(records)).toEqual(eachOnce);
  expect(await toldOf(later)).toEqual(eachOnce);
  expect(notifier.handled().filter(({ duplicate }) => !duplicate)).toHaveLength(2 * events);
  expect(notifier.lines.filter(({ msg }) => msg.startsWith('Redis does not answer'))).toHaveLength(1);
}, 120_000);

async function fromTheBeginning({ group, topic }: NotifierDeps): Promise<void> {
  const admin = testKafka().admin();
  await admin.connect();
  await eventually(() => admin.resetOffsets({ groupId: group, topic, earliest: true }), 60_000);
  await admin.disconnect();
}
