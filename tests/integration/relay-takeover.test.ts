import { openRelaySession, type RelaySession } from '../../src/store/relay-session.ts';
import { databaseOfFile } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { listenTo, makeTopics } from '../support/kafka.ts';
import { placed } from '../support/orders.ts';
import { partitionOwners, sameTopic, startTestRelay } from '../support/relay.ts';

const { database, pool } = await databaseOfFile();

const everyPartition = [0, 1, 2, 3, 4, 5];
const unheard = { onWake: () => undefined, onLost: () => undefined };

async function ownerOfAll(): Promise<number> {
  return eventually(async () => {
    const owners = await partitionOwners(database);
    expect(owners.map(({ partition }) => partition)).toEqual(everyPartition);
    expect(new Set(owners.map(({ pid }) => pid)).size).toBe(1);
    return owners[0]?.pid ?? 0;
  }, 10_000);
}

const shareOf = async (session: RelaySession) => (await session.sharePartitions()).own.toSorted();

test('a partition has one owner: a second session gets the half that the first gives back, and the rest when it leaves', async () => {
  await using second = await openRelaySession(database.url, unheard);
  {
    await using first = await openRelaySession(database.url, unheard);
    await eventually(async () => expect(await shareOf(first)).toHaveLength(3), 5_000);
    await using third = await openRelaySession(database.url, unheard);
    // Each looks twice: whoever looks first cannot take yet what another still has to give back.
    for (const session of [first, second, third, first, second, third]) await shareOf(session);
    const shares = [await shareOf(first), await shareOf(second), await shareOf(third)];
    expect(shares.map(({ length }) => length)).toEqual([2, 2, 2]);
    expect(shares.flat().toSorted()).toEqual(everyPartition);
  }
  // A session that has ended is gone from Postgres' books a moment later.
  await eventually(async () => expect(await shareOf(second)).toEqual(everyPartition), 5_000);
});

test('a session that says nothing for its time is ended by Postgres, and knows that it may send no more', async () => {
  const lost = Promise.withResolvers<Error>();
  const on = { onWake: () => undefined, onLost: lost.resolve };
  await using stuck = await openRelaySession(database.url, on, 1_000);
  await eventually(async () => expect(await shareOf(stuck)).toEqual(everyPartition), 5_000);
  stuck.assertAlive();
  expect((await lost.promise).message).toContain('idle-session timeout');
  expect(() => stuck.assertAlive()).toThrow();
  await using other = await openRelaySession(database.url, unheard);
  await eventually(async () => expect(await shareOf(other)).toEqual(everyPartition), 5_000);
});

test('a session hears of new rows, and of its own end', async () => {
  const woken = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<Error>();
  await using session = await openRelaySession(database.url, { onWake: woken.resolve, onLost: lost.resolve });
  await session.sharePartitions();
  await database.rows(`select pg_notify('outbox', '')`);
  await woken.promise;
  await database.rows('select pg_terminate_backend($1)', [await ownerOfAll()]);
  expect(await lost.promise).toBeInstanceOf(Error);
});

test('two relays share the partitions; when one ends, the other has them all', async () => {
  const { all } = await makeTopics(['all']);
  await using listener = await listenTo([all]);
  const first = await startTestRelay({ database, topics: sameTopic(all) });
  const owner = await ownerOfAll();
  await using _second = await startTestRelay({ database, topics: sameTopic(all) });
  await eventually(async () => {
    const byOwner = Map.groupBy(await partitionOwners(database), ({ pid }) => pid);
    expect([...byOwner.values()].map(({ length }) => length)).toEqual([3, 3]);
  }, 15_000);
  const orders = [await placed(pool), await placed(pool), await placed(pool), await placed(pool)];
  const arrived = () => listener.records.map(({ key }) => key?.toString()).toSorted();
  await eventually(async () => expect(arrived()).toEqual(orders.map(({ id }) => id).toSorted()), 15_000);

  await first[Symbol.asyncDispose]();
  const later = await placed(pool);
  await eventually(async () => expect(arrived()).toContain(later.id), 15_000);
  expect(await ownerOfAll()).not.toBe(owner);
  expect(listener.records).toHaveLength(5);
});

test('a relay whose session is killed opens another and goes on', async () => {
  const { all } = await makeTopics(['all']);
  await using listener = await listenTo([all]);
  await using _relay = await startTestRelay({ database, topics: sameTopic(all) });
  const owner = await ownerOfAll();
  await database.rows('select pg_terminate_backend($1)', [owner]);
  const order = await placed(pool);
  await eventually(async () => {
    expect(listener.records.map(({ key }) => key?.toString())).toEqual([order.id]);
  }, 15_000);
  expect(await ownerOfAll()).not.toBe(owner);
});
