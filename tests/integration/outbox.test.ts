import { type Batch, claimBatch, deleteSent, outboxPartitions, readBacklog } from '../../src/store/outbox.ts';
import type { Pool } from '../../src/store/pool.ts';
import { freshDatabase, poolOf, type TestDatabase } from '../support/database.ts';
import { placed } from '../support/orders.ts';

const resources = new AsyncDisposableStack();
let database: TestDatabase;
let pool: Pool;
const everyPartition = Array.from({ length: outboxPartitions }, (_, partition) => partition);

beforeEach(async () => {
  database = resources.use(await freshDatabase());
  pool = resources.use(await poolOf(database.url));
});
afterEach(async () => {
  await pool[Symbol.asyncDispose]();
});
afterAll(() => resources.disposeAsync());

const types = ['order.created', 'order.canceled'];
const claim = (wish: Partial<Batch> = {}) =>
  claimBatch(pool, {
    partitions: everyPartition,
    types,
    maxRows: 1_000,
    maxBytes: 1_000_000,
    from: 0,
    ...wish,
  });
const claimAll = (maxRows = 1_000) => claim({ maxRows });

async function addEvents(keys: readonly string[]): Promise<void> {
  await database.rows(
    `insert into outbox (event_id, type, key, body, created_at)
     select gen_random_uuid(), 'order.created', key, '{}', now() from unnest($1::text[]) as key`,
    [keys],
  );
}

test('each partition is claimed by itself, in the order of ids, and together they are all', async () => {
  await addEvents(Array.from({ length: 120 }, (_, at) => `key-${at % 40}`));
  const claims = await Promise.all(everyPartition.map((partition) => claim({ partitions: [partition] })));
  for (const rows of claims) {
    const ids = rows.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(0);
    expect(ids).toEqual(ids.toSorted((one, other) => one - other));
  }
  const owners = new Map<string, Set<number>>();
  for (const [partition, rows] of claims.entries())
    for (const { key } of rows) owners.set(key, (owners.get(key) ?? new Set()).add(partition));
  expect(owners.size).toBe(40);
  expect([...owners.values()].every(({ size }) => size === 1)).toBe(true);
  expect(claims.flat()).toHaveLength(120);
});

test('claiming removes nothing; deleting removes what was sent and no more', async () => {
  await addEvents(['a', 'b', 'c']);
  const [first, ...rest] = await claimAll();
  expect(await claimAll()).toHaveLength(3);
  await deleteSent(pool, first === undefined ? [] : [first]);
  expect((await claimAll()).map(({ id }) => id)).toEqual(rest.map(({ id }) => id));
});

test('a row whose transaction commits late is claimed although later ids are gone', async () => {
  await database.rows('begin');
  await addEvents(['late']);
  const order = await placed(pool);
  const early = await claimAll();
  expect(early.map(({ key }) => key)).toEqual([order.id]);
  await deleteSent(pool, early);
  await database.rows('commit');
  const late = await claimAll();
  expect(late.map(({ key }) => key)).toEqual(['late']);
  expect(late[0]?.id).toBeLessThan(early[0]?.id ?? 0);
});

test('a batch is bounded and begins with the oldest', async () => {
  await addEvents(['a', 'b', 'c', 'd']);
  expect((await claimAll(2)).map(({ key }) => key)).toEqual(['a', 'b']);
});

test('without partitions nothing is claimed', async () => {
  await addEvents(['a']);
  expect(await claim({ partitions: [] })).toEqual([]);
});

test('the backlog is counted up to its bound, with the age of the oldest row', async () => {
  expect(await readBacklog(pool, 10)).toEqual({ unsent: 0, oldest_seconds: 0 });
  await addEvents(Array.from({ length: 12 }, (_, at) => `key-${at}`));
  await database.rows(`update outbox set created_at = now() - interval '90 seconds' where key = 'key-0'`);
  const backlog = await readBacklog(pool, 10);
  expect(backlog.unsent).toBe(10);
  expect(backlog.oldest_seconds).toBeGreaterThanOrEqual(90);
  expect(backlog.oldest_seconds).toBeLessThan(120);
});

test('a claim stops before its bytes are too many, but never before the first row', async () => {
  await addEvents(['one', 'two', 'three']);
  await database.rows(`update outbox set body = repeat('x', 1000)`);
  expect(await claim({ maxBytes: 1_500 })).toHaveLength(2);
  expect(await claim({ maxBytes: 1 })).toHaveLength(1);
});

test('rows of a type this relay does not know wait for one that does', async () => {
  await addEvents(['one']);
  expect(await claim({ types: ['order.canceled'] })).toEqual([]);
});

test('a type in its pause is left out with what its keys have behind it, and nothing else, however much waits', async () => {
  const add = (type: string, keys: readonly string[]) =>
    database.rows(
      `insert into outbox (event_id, type, key, body, created_at)
       select gen_random_uuid(), $1, key, '{}', now() from unnest($2::text[]) as key`,
      [type, keys],
    );
  await add('order.canceled', ['early']);
  await add('order.created', ['early', 'late', ...Array.from({ length: 50_000 }, (_, at) => `key-${at}`)]);
  await add('order.canceled', ['late', 'other']);
  const rows = await claim({ paused: ['order.created'] });
  expect(rows.map(({ type, key }) => [type, key])).toEqual([
    ['order.canceled', 'early'],
    ['order.canceled', 'other'],
  ]);
});
