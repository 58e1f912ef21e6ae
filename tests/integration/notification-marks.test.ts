import { randomUUID } from 'node:crypto';
import { marksKeptMs } from '../../src/core/retention.ts';
import { type Deduplication, openDeduplication } from '../../src/notifier/deduplication.ts';
import { effectOnce } from '../../src/notifier/effect-once.ts';
import { redisMarks } from '../../src/notifier/redis-marks.ts';
import { openRedis } from '../../src/platform/redis.ts';
import { notify, notifyOnce, sweepMarks } from '../../src/store/notifications.ts';
import { type Pool, StoreUnavailableError } from '../../src/store/pool.ts';
import { databaseOfFile, poolOf } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { notificationOf, notifying, orderProcessedRecord } from '../support/notifier.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const { database, pool } = await databaseOfFile();
let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
}, 90_000);
afterAll(() => redis?.[Symbol.asyncDispose]());

const record = { topic: 't', partition: 3, offset: '7' };
const notification = () => notificationOf(orderProcessedRecord());
const open = () => openRedis({ address: redis.address, password: undefined, database: 0 });

async function countOf(eventId: string): Promise<number> {
  const rows = await database.rows('select from notifications where event_id = $1', [eventId]);
  return rows.length;
}

/** As the loop does: what cannot be done now is tried again. */
const insist = (deduplication: Deduplication, given: ReturnType<typeof notification>) =>
  eventually(() => deduplication.notifyOnce(given, record), 30_000);

test.each(['postgres', 'redis', 'hybrid'] as const)(
  'with DEDUP_STORE=%s two members that meet an event at the same moment tell it once',
  async (store) => {
    const given = await notifying(store, { pool, redis: redis.address });
    await using otherPool = await poolOf(database.url);
    await using one = await openDeduplication(given);
    await using other = await openDeduplication({ ...given, pool: otherPool });
    const all = Array.from({ length: 20 }, notification);
    const told = await Promise.all(all.flatMap((event) => [insist(one, event), insist(other, event)]));
    expect(told.filter(Boolean)).toHaveLength(all.length);
    for (const { eventId } of all) expect(await countOf(eventId)).toBe(1);
  },
  60_000,
);

test('a Redis that dies after the effect gets its mark later, and the effect is not repeated', async () => {
  await using marks = redisMarks({ redis: open(), group: 'dies' });
  let effects = 0;
  const once = effectOnce(marks, async () => {
    effects += 1;
    await redis.kill();
  });
  const event = notification();
  await expect(once(event, record)).rejects.toThrow('Redis cannot be reached');
  await expect(once(event, record)).rejects.toThrow('Redis cannot be reached');
  await redis.start();
  await eventually(async () => expect(await once(event, record)).toBe(true), 30_000);
  expect(await once(event, record)).toBe(false);
  expect(effects).toBe(1);
}, 90_000);

test('a claim whose member died keeps the event back, and ends in one repeat', async () => {
  await using dead = redisMarks({ redis: open(), group: 'claims' });
  await using alive = redisMarks({ redis: open(), group: 'claims' });
  let effects = 0;
  const once = effectOnce(alive, async () => {
    effects += 1;
  });
  const event = notification();
  expect(await dead.claim(event.eventId, record)).toBe('new');
  await expect(once(event, record)).rejects.toThrow('is being handled elsewhere');
  expect(Number(await redis.command('PTTL', `claims:${event.eventId}`))).toBeLessThanOrEqual(30_000);
  await redis.command('PEXPIRE', `claims:${event.eventId}`, '1');
  await eventually(async () => expect(await once(event, record)).toBe(true), 15_000);
  expect(await dead.claim(event.eventId, record)).toBe('done');
  expect(effects).toBe(1);
}, 60_000);

test('a Redis that hangs is left alone by hybrid, and says so of itself', async () => {
  const given = await notifying('hybrid', { pool, redis: redis.address });
  await using deduplication = await openDeduplication(given);
  await using marks = redisMarks({ redis: open(), group: 'hangs' });
  await marks.check();
  const all = Array.from({ length: 5 }, notification);
  redis.hang();
  try {
    await expect(marks.check()).rejects.toThrow('Redis cannot be reached or does not answer');
    for (const event of all) expect(await insist(deduplication, event)).toBe(true);
    for (const event of all) expect(await insist(deduplication, event)).toBe(false);
  } finally {
    redis.goOn();
  }
  for (const { eventId } of all) expect(await countOf(eventId)).toBe(1);
}, 90_000);

test('an effect whose answer was lost is not repeated by its own process, and another process’ repeat shows', async () => {
  let answersLost = 1;
  const losing: Pool = {
    ...pool,
    rows: async (statement) => {
      const rows = await pool.rows(statement);
      if (answersLost === 0) return rows;
      answersLost -= 1;
      throw new StoreUnavailableError(new Error('the answer was lost'));
    },
  };
  const given = await notifying('redis', { pool: losing, redis: redis.address });
  await using deduplication = await openDeduplication(given);
  const event = notification();
  await expect(deduplication.notifyOnce(event, record)).rejects.toThrow(StoreUnavailableError);
  expect(await countOf(event.eventId)).toBe(1);
  expect(await deduplication.notifyOnce(event, record)).toBe(true);
  expect(await countOf(event.eventId)).toBe(1);
  await notify(pool, event, randomUUID());
  expect(await countOf(event.eventId)).toBe(2);
}, 60_000);

test('marks in Postgres are swept once they have outlived every record of their event, not before', async () => {
  const [old, young] = [notification(), notification()];
  for (const event of [old, young]) expect(await notifyOnce(pool, event)).toBe(true);
  const age = (eventId: string, ms: number) =>
    database.rows('update notified_events set at = now() - make_interval(secs => $2) where event_id = $1', [
      eventId,
      ms / 1_000,
    ]);
  await age(old.eventId, marksKeptMs + 60_000);
  await age(young.eventId, marksKeptMs - 60_000);
  expect(await sweepMarks(pool, 1_000)).toBe(1);
  expect(await notifyOnce(pool, young)).toBe(false);
  expect(await notifyOnce(pool, old)).toBe(true);
});
