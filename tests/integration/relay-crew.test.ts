import { setTimeout as pause } from 'node:timers/promises';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaProxy, listenTo, makeTopics, testKafka } from '../support/kafka.ts';
import { firstCopies, keyedEvents } from '../support/keyed-events.ts';
import type { Running } from '../support/program.ts';
import {
  partitionOwners,
  relaySessions,
  sameTopic,
  startRelayProcess,
  startTestRelay,
  unsent,
} from '../support/relay.ts';

const rounds = process.env.TBD_LONG === 'true' ? 5 : 1;

async function untilShared(database: TestDatabase, relays: number): Promise<void> {
  await eventually(async () => {
    const owners = await partitionOwners(database);
    expect(owners).toHaveLength(6);
    expect(new Set(owners.map(({ pid }) => pid)).size).toBe(relays);
  }, 60_000);
}

// Side by side: each waits for Postgres to end a session.
test.concurrent('three relays are killed, ended, cut off, stopped and started anew under load: every event arrives, each key in its order', async () => {
  await using database = await freshDatabase();
  const { all } = await makeTopics(['all'], { partitions: 6 });
  await using listener = await listenTo([all]);
  await using running = new AsyncDisposableStack();
  const start = async (): Promise<Running> => {
    const relay = await startRelayProcess({ databaseUrl: database.url, topic: all });
    running.defer(async () => {
      relay.kill('SIGKILL');
      await relay.ended;
    });
    return relay;
  };
  const events = keyedEvents(database, 24);
  const load = new AbortController();
  const loading = (async () => {
    for (; !load.signal.aborted; await pause(50)) await events.add();
  })();
  let [killed, ended, stopped] = [await start(), await start(), await start()];
  await untilShared(database, 3);

  for (let round = 0; round < rounds; round += 1) {
    killed.kill('SIGKILL');
    await killed.ended;
    killed = await start();
    await untilShared(database, 3);

    const sessions = await relaySessions(database);
    await database.rows('select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [sessions]);
    await untilShared(database, 3);

    ended.kill('SIGTERM');
    expect((await ended.ended).code).toBe(0);
    ended = await start();
    await untilShared(database, 3);
  }
  // It keeps its partitions until Postgres ends its session, then the others have them; it wakes up to none of its own.
  stopped.kill('SIGSTOP');
  await untilShared(database, 2);
  stopped.kill('SIGCONT');
  await untilShared(database, 3);

  load.abort();
  await loading;
  await eventually(async () => expect(await unsent(database)).toBe(0), 60_000);
  await eventually(async () => expect(firstCopies(listener.records)).toEqual(events.written()), 60_000);
}, 300_000);

test.concurrent('a relay that gets no answer from Kafka holds up its own partitions and no others', async () => {
  await using database = await freshDatabase();
  const { all } = await makeTopics(['all'], { partitions: 6 });
  await using listener = await listenTo([all]);
  await using proxy = await kafkaProxy();
  await using _one = await startTestRelay({ database, topics: sameTopic(all) });
  await using _two = await startTestRelay({ database, topics: sameTopic(all) });
  await untilShared(database, 2);
  const before = await relaySessions(database);
  const kafka = testKafka([`127.0.0.1:${proxy.port}`]);
  await using _slow = await startTestRelay({ database, topics: sameTopic(all), kafka });
  await untilShared(database, 3);
  proxy.hang();
  const events = keyedEvents(database, 60);
  await events.add();
  const owners = await partitionOwners(database);
  const slow = owners.filter(({ pid }) => !before.includes(pid)).map(({ partition }) => partition);
  expect(slow).toHaveLength(2);
  // What is left is the slow one's, whose session is not over yet.
  await eventually(async () => {
    const waiting = await database.rows<{ partition: number }>(
      'select distinct partition from outbox order by 1',
    );
    expect(waiting.map(({ partition }) => partition)).toEqual(slow);
  }, 10_000);
  // Postgres ends its session, and its partitions are shared out among those who can send.
  await eventually(async () => expect(await unsent(database)).toBe(0), 60_000);
  await eventually(async () => expect(firstCopies(listener.records)).toEqual(events.written()), 15_000);
  await proxy.cut();
  await proxy.heal();
}, 120_000);
