import { claimBatch, deleteSent, readBacklog } from '../../src/store/outbox.ts';
import { createOutboxFloor, type OutboxFloor } from '../../src/store/outbox-floor.ts';
import type { Pool } from '../../src/store/pool.ts';
import { freshDatabase, poolOf, type TestDatabase } from '../support/database.ts';
import { countBlocks } from '../support/explain.ts';

const resources = new AsyncDisposableStack();
let database: TestDatabase;
let pool: Pool;
let floor: OutboxFloor;

beforeEach(async () => {
  database = resources.use(await freshDatabase());
  pool = await poolOf(database.url);
  floor = createOutboxFloor(pool);
});
afterEach(() => pool[Symbol.asyncDispose]());
afterAll(() => resources.disposeAsync());

const claim = (from: number) => (on: Pool) =>
  claimBatch(on, {
    partitions: [0, 1, 2, 3, 4, 5],
    types: ['order.created'],
    maxRows: 500,
    maxBytes: 1_048_576,
    from,
  });

async function addEvents(howMany: number, type = 'order.created'): Promise<void> {
  await database.rows(
    `insert into outbox (event_id, type, key, body, created_at)
     select gen_random_uuid(), $2, at::text, repeat('x', 400), now() from generate_series(1, $1::int4) as at`,
    [howMany, type],
  );
}

async function sendAll(): Promise<number> {
  let sent = 0;
  for (;;) {
    const rows = await claim(floor.id())(pool);
    if (rows.length === 0) return sent;
    await deleteSent(pool, rows);
    sent += rows.length;
  }
}

test('while an old snapshot keeps 10,000 sent rows in the table, a claim touches as little as in an empty one', async () => {
  await floor.raise();
  const whenEmpty = await countBlocks(database, claim(floor.id()));
  await using holder = await database.another();
  await holder.rows('begin isolation level repeatable read');
  await holder.rows('select txid_current()');
  for (let round = 0; round < 4; round += 1) {
    await addEvents(2_500);
    await sendAll();
    await floor.raise();
  }
  await addEvents(1);
  await database.rows('vacuum analyze outbox');
  expect(await countBlocks(database, claim(0))).toBeGreaterThan(500);
  expect(await countBlocks(database, claim(floor.id()))).toBeLessThan(whenEmpty + 20);
  expect(await claim(floor.id())(pool)).toHaveLength(1);
  const count = (from: number) => (on: Pool) => readBacklog(on, 100_000, from);
  expect(await countBlocks(database, count(floor.id()))).toBeLessThan(whenEmpty + 40);
  expect(await count(floor.id())(pool)).toMatchObject({ unsent: 1 });
});

test('the floor waits for a writer with a lower id that has not committed', async () => {
  await using writer = await database.another();
  await writer.rows('begin');
  const [late] = await writer.rows<{ id: string }>(
    `insert into outbox (event_id, type, key, body, created_at)
     values (gen_random_uuid(), 'order.created', 'late', '{}', now()) returning id`,
  );
  await addEvents(100);
  expect(await sendAll()).toBe(100);
  for (let look = 0; look < 3; look += 1) await floor.raise();
  expect(floor.id()).toBeLessThanOrEqual(Number(late?.id));
  await writer.rows('commit');
  for (let look = 0; look < 3; look += 1) await floor.raise();
  expect((await claim(floor.id())(pool)).map(({ key }) => key)).toEqual(['late']);
  expect(await sendAll()).toBe(1);
  await floor.raise();
  expect(floor.id()).toBeGreaterThan(100);
});

test('a writer that comes again and again does not hold the floor down', async () => {
  await using writer = await database.another();
  for (let round = 0; round < 3; round += 1) {
    await addEvents(50);
    await sendAll();
    await writer.rows('begin');
    await writer.rows(`delete from outbox where id = 0`);
    await floor.raise();
    await writer.rows('commit');
  }
  expect(floor.id()).toBeGreaterThan(50);
});

test('the floor stays below what nobody has sent yet', async () => {
  await addEvents(10);
  await sendAll();
  await addEvents(1, 'order.unknown');
  await addEvents(10);
  await sendAll();
  await floor.raise();
  expect(floor.id()).toBe(11);
});

test('a database whose ids begin anew is claimed from its first', async () => {
  await addEvents(100);
  await sendAll();
  await floor.raise();
  expect(floor.id()).toBeGreaterThan(50);
  await database.rows('truncate outbox restart identity');
  await addEvents(1);
  await floor.raise();
  expect(await claim(floor.id())(pool)).toHaveLength(1);
});
