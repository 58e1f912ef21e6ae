import { randomUUID } from 'node:crypto';
import { openCopies } from '../../src/consumers/copies.ts';
import { setAside } from '../../src/consumers/dead-letters.ts';
import { type IndexerDeps, startLetterIndexer } from '../../src/keeper/letter-indexer.ts';
import { type SenderDeps, startReplaySender } from '../../src/keeper/replay-sender.ts';
import { claimReplays, endReplays } from '../../src/store/replay-queue.ts';
import { requestReplays } from '../../src/store/replays.ts';
import { databaseOfFile } from '../support/database.ts';
import { plantLetters } from '../support/dead-letters.ts';
import { eventually } from '../support/eventually.ts';
import { committedOffset, kafkaProxy, listenTo, makeTopics, send, testKafka } from '../support/kafka.ts';
import { memoryLog, silent } from '../support/log.ts';

const { database, pool } = await databaseOfFile();
beforeEach(() => database.rows('truncate dead_letters, replays'));

const index = (given: Pick<IndexerDeps, 'topics'> & Partial<IndexerDeps>) =>
  startLetterIndexer({ pool, kafka: testKafka(), group: randomUUID(), log: silent, ...given });
const sender = (given: Pick<SenderDeps, 'retryTopic'> & Partial<SenderDeps>) =>
  startReplaySender({ pool, kafka: testKafka(), replaysPerSecond: 100, log: silent, ...given });
const kept = () => database.rows('select * from dead_letters order by id');

test('every dead letter is kept as it is, whoever made it, and once however often it is read', async () => {
  const { dlq, other } = await makeTopics(['dlq', 'other']);
  const bytes = Buffer.from([0, 255, 1]);
  await using copies = await openCopies(testKafka());
  const message = {
    key: bytes,
    value: bytes,
    headers: { mark: bytes, 'a\0b': 'x' },
    offset: '7',
  };
  const origin = { message, topic: 't', partition: 3, group: 'g' };
  await setAside(copies, dlq, { ...origin, class: 'schema', reason: 'why', attempts: 2 });
  await send(other, [
    { key: 'k', value: '{' },
    { key: null, value: null },
  ]);

  const { log, lines } = memoryLog();
  const group = randomUUID();
  {
    await using _indexer = index({ topics: [dlq, other], group, log });
    await eventually(async () => expect(await kept()).toHaveLength(3), 30_000);
    await eventually(async () => expect(await committedOffset(group, other)).toBe(2), 30_000);
  }
  const first = await kept();
  expect(first.at(-1)).toMatchObject({
    id: 'g/t/3/7',
    consumer_group: 'g',
    topic: 't',
    partition: 3,
    record_offset: '7',
    key: bytes,
    value: bytes,
    headers: expect.objectContaining({ mark: [bytes.toString('base64')], 'a\0b': ['eA=='] }),
    class: 'schema',
    reason: 'why',
    attempts: 2,
    dlq_topic: dlq,
  });
  expect(first.map(({ class: of }: { class?: string }) => of)).toEqual(['parse', 'parse', 'schema']);
  const facts = () => lines.filter(({ msg }) => msg === 'dead letter kept').length;
  expect(facts()).toBe(3);

  const again = randomUUID();
  await using _again = index({ topics: [dlq, other], group: again, log });
  await eventually(async () => expect(await committedOffset(again, other)).toBe(2), 30_000);
  await eventually(async () => expect(await committedOffset(again, dlq)).toBe(1), 30_000);
  expect([await kept(), facts()]).toEqual([first, 3]);
}, 90_000);

test('a letter that comes back is the same one, with what is wrong with it now', async () => {
  const { dlq } = await makeTopics(['dlq']);
  await using copies = await openCopies(testKafka());
  const message = { key: null, value: null, headers: {}, offset: '7' };
  const letter = { message, topic: 't', partition: 0, group: 'g', reason: 'why', attempts: 1 };
  await using _indexer = index({ topics: [dlq] });
  for (const faultClass of ['parse', 'schema'] as const) {
    await setAside(copies, dlq, { ...letter, class: faultClass });
    await eventually(async () => expect(await kept()).toMatchObject([{ class: faultClass }]), 30_000);
  }
}, 90_000);

test('of a letter’s records in one partition the last counts, however the clocks went', async () => {
  const later = new Date();
  const earlier = new Date(later.getTime() - 3_600_000);
  const lies = (partition: number, offset: number) => ({ topic: 'order.dlq', partition, offset });
  const come = (reason: string, at: Date, where: ReturnType<typeof lies>) =>
    plantLetters(pool, { offset: 7, reason, at, lies: where });
  await come('the first', later, lies(0, 1));
  await come('the second', earlier, lies(0, 2));
  expect(await kept()).toMatchObject([{ reason: 'the second', at: earlier }]);
  await come('the first again', later, lies(0, 1));
  expect(await kept()).toMatchObject([{ reason: 'the second' }]);
  const elsewhere = new Date(earlier.getTime() - 1);
  await come('elsewhere and older', elsewhere, lies(1, 9));
  expect(await kept()).toMatchObject([{ reason: 'the second' }]);
  await come('elsewhere and newer', later, lies(1, 9));
  expect(await kept()).toMatchObject([{ reason: 'elsewhere and newer' }]);
  await plantLetters(
    pool,
    { offset: 8, reason: 'together', at: later, lies: lies(0, 3) },
    { offset: 8, reason: 'together, the last', at: earlier, lies: lies(0, 4) },
  );
  expect(await kept()).toMatchObject([{}, { reason: 'together, the last' }]);
});

test('a letter that Postgres refuses stays on its topic, and holds up none of those after it', async () => {
  const { dlq } = await makeTopics(['dlq']);
  await database.rows(`alter table dead_letters add constraint refused check (key <> 'refused')`);
  await send(dlq, [
    { key: 'refused', value: 'v' },
    { key: 'large', value: Buffer.alloc(3_000_000) },
  ]);
  const { log, lines } = memoryLog();
  await using _indexer = index({ topics: [dlq], log });
  await eventually(async () => expect(await kept()).toMatchObject([{ key: Buffer.from('large') }]), 30_000);
  expect(lines.filter(({ level }) => level === 'error')).toMatchObject([{ letter_id: `-/${dlq}/0/0` }]);
  await database.rows('alter table dead_letters drop constraint refused');
}, 90_000);

test('while Kafka is away letters and replays wait, and go by themselves then', async () => {
  const { dlq, retry } = await makeTopics(['dlq', 'retry']);
  await send(dlq, [{ key: 'k', value: 'v' }]);
  const [letter] = await plantLetters(pool, {});
  await ask([letter?.id ?? '']);
  await using proxy = await kafkaProxy();
  await proxy.cut();
  const { log, lines } = memoryLog();
  const kafka = testKafka([`127.0.0.1:${proxy.port}`]);
  await using _indexer = index({ topics: [dlq], kafka, log });
  await using _sender = sender({ retryTopic: retry, kafka, log });
  const told = (what: string) => lines.filter(({ msg }) => msg === what).length;
  await eventually(async () => {
    expect(told('dead letters not read, they stay on their topics')).toBeGreaterThan(0);
    expect(told('replays not sent, they wait')).toBe(1);
  }, 60_000);
  await proxy.heal();
  await eventually(async () => {
    expect(await kept()).toHaveLength(2);
    expect(await database.rows('select outcome from replays')).toEqual([{ outcome: 'sent' }]);
  }, 60_000);
  expect(told('replays not sent, they wait')).toBe(1);
}, 150_000);

const base64 = (text: string) => Buffer.from(text).toString('base64');
const textOf = (headers: object = {}) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

/** Asks for one replay of each; resolves to their ids. */
async function ask(letterIds: readonly string[], edit?: { value: Buffer; causationId: string | null }) {
  const replays = letterIds.map((letterId) => ({ id: randomUUID(), letterId, eventId: randomUUID(), edit }));
  await requestReplays(pool, replays, { caller: 'ada', most: 5 });
  return replays;
}

test('a replay brings the record to its group as it came, without what was said of its death', async () => {
  const { retry } = await makeTopics(['retry']);
  const [letter] = await plantLetters(pool, {
    partition: 2,
    headers: { ce_id: [base64('event-1')], mark: ['/w=='], dlq_class: [base64('parse')] },
  });
  const [replay] = await ask([letter?.id ?? '']);
  await using _sender = sender({ retryTopic: retry });
  await using found = await listenTo([retry]);
  await eventually(async () => expect(found.records).toHaveLength(1), 30_000);
  const [record] = found.records;
  expect([record?.key, record?.value]).toEqual([letter?.key, letter?.value]);
  expect(record?.headers?.mark).toEqual(Buffer.from([255]));
  expect(textOf(record?.headers)).toEqual({
    ce_id: 'event-1',
    mark: expect.any(String),
    'target-group': 'workers',
    retry_topic: 'order.created',
    retry_partition: '2',
    retry_offset: String(letter?.offset),
    retry_attempts: '0',
    retry_reason: 'the value is not JSON',
    replay_id: replay?.id,
  });
  await eventually(async () => {
    const [row] = await database.rows('select * from replays');
    expect(row).toMatchObject({ outcome: 'sent', caller: 'ada', ended_at: expect.any(Date) });
  }, 30_000);
  expect(await kept()).toMatchObject([{ replays: 1, replay_waiting: null }]);
}, 90_000);

test('an edited one is a new event with the old key, in JSON', async () => {
  const { retry } = await makeTopics(['retry']);
  const headers = {
    ce_id: [base64('event-1')],
    'content-type': [base64('application/avro')],
    ce_dataschema: [base64('a schema of avro')],
  };
  const [letter] = await plantLetters(pool, { headers });
  const edit = { value: Buffer.from('{"a":1}'), causationId: 'event-1' };
  const [replay] = await ask([letter?.id ?? ''], edit);
  await using _sender = sender({ retryTopic: retry });
  await using found = await listenTo([retry]);
  await eventually(async () => expect(found.records).toHaveLength(1), 30_000);
  const [record] = found.records;
  expect([record?.key, String(record?.value)]).toEqual([letter?.key, '{"a":1}']);
  expect(textOf(record?.headers)).toMatchObject({
    ce_id: replay?.eventId,
    causation_id: 'event-1',
    'content-type': 'application/json',
  });
  expect(record?.headers).not.toHaveProperty('ce_dataschema');
}, 90_000);

test('what cannot be sent holds up nothing that comes after it', async () => {
  const { retry } = await makeTopics(['retry'], { maxMessageBytes: 10_000 });
  const letters = await plantLetters(pool, { value: Buffer.alloc(20_000) }, {}, {});
  const replays = await ask(letters.map(({ id }) => id));
  await database.rows('delete from dead_letters where id = $1', [letters[1]?.id]);
  await using _sender = sender({ retryTopic: retry });
  await eventually(async () => {
    const rows = await database.rows<{ id: string; outcome: string }>('select id, outcome from replays');
    const outcomes = new Map(rows.map(({ id, outcome }) => [id, outcome]));
    expect(replays.map(({ id }) => outcomes.get(id))).toEqual(['refused', 'letter_gone', 'sent']);
  }, 30_000);
}, 60_000);

test('all keepers together send no more in a second than they may, the oldest first', async () => {
  const letters = await plantLetters(pool, {}, {}, {}, {}, {});
  const replays = await ask(letters.map(({ id }) => id));
  const oldest = replays.map(({ id }) => id).toSorted();
  const claims = await Promise.all([claimReplays(pool, 3), claimReplays(pool, 3), claimReplays(pool, 3)]);
  const claimed = claims.flat().toSorted();
  expect(claimed).toEqual(oldest.slice(0, claimed.length));
  expect(claimed.length).toBeGreaterThanOrEqual(3);
  await endReplays(
    pool,
    claimed.map((id) => ({ id, outcome: 'sent' })),
  );
  await eventually(
    async () => expect(await claimReplays(pool, 3)).toEqual(oldest.slice(claimed.length)),
    30_000,
  );
});

test('what a keeper claimed and did not send before it died is sent by another', async () => {
  const [letter] = await plantLetters(pool, {});
  const [replay] = await ask([letter?.id ?? '']);
  expect(await claimReplays(pool, 3)).toEqual([replay?.id]);
  await database.rows(`update replays set claimed_at = claimed_at - interval '20 seconds'`);
  expect(await claimReplays(pool, 3)).toEqual([]);
  await database.rows(`update replays set claimed_at = claimed_at - interval '20 seconds'`);
  expect(await claimReplays(pool, 3)).toEqual([replay?.id]);
});
