import { orderCanceled } from '../../src/order/events.ts';
import type { Order } from '../../src/order/order.ts';
import { moveOrder } from '../../src/store/moves.ts';
import { openRelaySession } from '../../src/store/relay-session.ts';
import { databaseOfFile } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { listenTo, makeTopics, type Received } from '../support/kafka.ts';
import { placed } from '../support/orders.ts';
import { partitionOwners, sameTopic, startTestRelay, unsent } from '../support/relay.ts';

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

test('a partition has one owner: a second session gets what the first leaves, and when it leaves', async () => {
  await using second = await openRelaySession(database.url, unheard);
  {
    await using first = await openRelaySession(database.url, unheard);
    expect(await first.claimPartitions()).toEqual(everyPartition);
    expect(await second.claimPartitions()).toEqual([]);
    expect(await first.claimPartitions()).toEqual(everyPartition);
  }
  expect(await second.claimPartitions()).toEqual(everyPartition);
});

test('a session hears of new rows, and of its own end', async () => {
  const woken = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<Error>();
  await using session = await openRelaySession(database.url, { onWake: woken.resolve, onLost: lost.resolve });
  await session.claimPartitions();
  await database.rows(`select pg_notify('outbox', '')`);
  await woken.promise;
  await database.rows('select pg_terminate_backend($1)', [await ownerOfAll()]);
  expect(await lost.promise).toBeInstanceOf(Error);
});

test('a second relay takes over where the first one ends', async () => {
  const { all } = await makeTopics(['all']);
  await using listener = await listenTo([all]);
  const first = await startTestRelay({ database, topics: sameTopic(all) });
  const owner = await ownerOfAll();
  await using _second = await startTestRelay({ database, topics: sameTopic(all) });
  const order = await placed(pool);
  await eventually(async () => expect(listener.records).toHaveLength(1), 15_000);
  expect(await ownerOfAll()).toBe(owner);

  await first[Symbol.asyncDispose]();
  const later = await placed(pool);
  await eventually(async () => expect(listener.records).toHaveLength(2), 15_000);
  expect(listener.records.map(({ key }) => key?.toString())).toEqual([order.id, later.id]);
  expect(await ownerOfAll()).not.toBe(owner);
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

test('three relays whose owner is killed again and again: nothing is lost, first copies keep their order', async () => {
  const { all } = await makeTopics(['all'], { partitions: 6 });
  await using listener = await listenTo([all]);
  await using relays = new AsyncDisposableStack();
  for (let at = 0; at < 3; at += 1) relays.use(await startTestRelay({ database, topics: sameTopic(all) }));
  const ids: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    const orders = await Promise.all(Array.from({ length: 30 }, () => placed(pool)));
    const owners = new Set((await partitionOwners(database)).map(({ pid }) => pid));
    await database.rows('select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [[...owners]]);
    await Promise.all(orders.map((order) => cancel(order)));
    ids.push(...orders.map(({ id }) => id));
  }
  await eventually(async () => expect(await unsent(database)).toBe(0), 20_000);
  await eventually(async () => expect(byKey(listener.records).size).toBe(ids.length), 15_000);
  await eventually(async () => {
    const first = [...byKey(listener.records).values()].map((types) => [...new Set(types)]);
    expect(first).toEqual(ids.map(() => ['order.created', 'order.canceled']));
  }, 15_000);
}, 60_000);

async function cancel(order: Order): Promise<void> {
  const event = orderCanceled({ ...order, orderId: order.id }, new Date());
  await moveOrder(pool, { orderId: order.id, from: 'pending', to: 'canceled', event });
}

function byKey(records: readonly Received[]): Map<string, string[]> {
  const types = new Map<string, string[]>();
  for (const { key, headers } of records) {
    const id = String(key);
    types.set(id, [...(types.get(id) ?? []), String(headers?.ce_type)]);
  }
  return types;
}
