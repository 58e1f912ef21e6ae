import { randomBytes, randomUUID } from 'node:crypto';
import { type Consumption, startConsumer } from '../../src/consumers/consume.ts';
import { RecordFailure } from '../../src/consumers/faults.ts';
import { startRetryIntake } from '../../src/consumers/retry-intake.ts';
import { claimDue, endWaiting, keepWaiting, parkWaiting } from '../../src/store/waiting-records.ts';
import { databaseOfFile } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { committedOffset, listenTo, makeTopics, send, testKafka } from '../support/kafka.ts';
import { memoryLog, silent } from '../support/log.ts';

const { database, pool } = await databaseOfFile();

type Handle = (value: string) => void;

/** Topics and a group of their own; `consume` starts a member of the group and what takes its retries in. */
async function newGroup({ initialMs = 100, maxAttempts = 3 } = {}) {
  const { source, retry, dlq } = await makeTopics(['source', 'retry', 'dlq']);
  const group = randomUUID();
  const { log, lines } = memoryLog();
  const consume = async (handle: Handle, given: Partial<Consumption> = {}): Promise<AsyncDisposable> => {
    const resources = new AsyncDisposableStack();
    const consumer = await startConsumer({
      kafka: testKafka(),
      group,
      topics: [source],
      deadLetterTopic: dlq,
      concurrency: 1,
      retry: { pool, topic: retry, initialMs, maxMs: 1_000, maxAttempts },
      isBehind: async () => false,
      handle: async ({ value }) => handle(String(value)),
      log,
      ...given,
    });
    resources.use(consumer);
    const { kafka, deadLetterTopic } = { kafka: testKafka(), deadLetterTopic: dlq };
    const intake = { kafka, pool, group: `${group}-retry`, topic: retry, deadLetterTopic, log: silent };
    resources.use(await startRetryIntake({ ...intake, targets: [consumer] }));
    return resources;
  };
  const give = (...values: string[]) =>
    send(
      source,
      values.map((value) => ({ key: value.slice(0, 1), value, headers: { ce_id: `id of ${value}` } })),
    );
  const waiting = () => database.rows('select from waiting_records where consumer_group = $1', [group]);
  return { source, retry, dlq, group, lines, consume, give, waiting };
}

/** Handles what it is given, in a list, but for what `fails` says. */
function handling(fails: (value: string) => Error | undefined) {
  const handled: string[] = [];
  const handle: Handle = (value) => {
    const failure = fails(value);
    if (failure !== undefined) throw failure;
    handled.push(value);
  };
  return { handled, handle };
}

const failure = () => new RecordFailure('not yet');

// Side by side, each with topics and a group of its own: most of it is waiting for groups to find together.
test.concurrent('a record that fails for a reason of its own is tried again later, and no other key waits for it', async () => {
  const { source, retry, group, consume, give, waiting } = await newGroup();
  await using retries = await listenTo([retry]);
  let failures = 2;
  const { handled, handle } = handling((value) => (value === 'b1' && failures-- > 0 ? failure() : undefined));
  await give('a1', 'b1', 'c1');
  await using _member = await consume(handle);
  await eventually(async () => expect(handled).toEqual(['a1', 'c1', 'b1']), 20_000);
  await eventually(async () => expect(await committedOffset(group, source)).toBe(3), 15_000);
  await eventually(async () => expect(await waiting()).toEqual([]), 15_000);
  expect(retries.records.map(({ key, value }) => [String(key), String(value)])).toEqual([['b', 'b1']]);
  const headers = Object.entries(retries.records[0]?.headers ?? {}).map(([name, value]) => [
    name,
    String(value),
  ]);
  expect(Object.fromEntries(headers)).toEqual({
    ce_id: 'id of b1',
    'target-group': group,
    retry_topic: source,
    retry_partition: '0',
    retry_offset: '1',
    retry_attempts: '1',
    retry_reason: 'not yet',
  });
});

test.concurrent('later records of its key wait behind it in their order, also for the next member of the group', async () => {
  const { consume, give, waiting } = await newGroup({ maxAttempts: 1_000 });
  let isFailing = true;
  const { handled, handle } = handling((value) => (isFailing && value === 'a1' ? failure() : undefined));
  {
    await using _first = await consume(handle);
    await give('a1', 'b1', 'a2');
    await eventually(async () => expect(await waiting()).toHaveLength(2), 20_000);
  }
  await using _second = await consume(handle);
  await give('a3', 'b2');
  await eventually(async () => expect(await waiting()).toHaveLength(3), 20_000);
  await eventually(async () => expect(handled).toEqual(['b1', 'b2']), 20_000);
  isFailing = false;
  await eventually(async () => expect(handled).toEqual(['b1', 'b2', 'a1', 'a2', 'a3']), 20_000);
  await give('a4');
  await eventually(async () => expect(handled.at(-1)).toBe('a4'), 15_000);
  expect(await waiting()).toEqual([]);
}, 90_000);

test.concurrent.each([
  ['failed as often as it may', failure, 'exhausted', 'not yet'],
  [
    'met a fault of ours as often',
    () => new TypeError('x is undefined'),
    'poison',
    'TypeError: x is undefined',
  ],
])(
  'a record that %s is set aside, and the next of its key goes on',
  async (_, fault, letterClass, reason) => {
    const { source, dlq, group, consume, give } = await newGroup();
    await using letters = await listenTo([dlq]);
    let attempts = 0;
    const { handled, handle } = handling((value) => {
      if (value !== 'a1') return undefined;
      attempts += 1;
      return fault();
    });
    await give('a1', 'a2', 'b1');
    await using _member = await consume(handle);
    await eventually(async () => expect(handled).toEqual(['b1', 'a2']), 20_000);
    expect(attempts).toBe(3);
    await eventually(async () => expect(letters.records).toHaveLength(1), 15_000);
    const headers = Object.entries(letters.records[0]?.headers ?? {}).map(([name, value]) => [
      name,
      String(value),
    ]);
    expect(Object.fromEntries(headers)).toEqual({
      ce_id: 'id of a1',
      dlq_class: letterClass,
      dlq_reason: reason,
      dlq_group: group,
      dlq_topic: source,
      dlq_partition: '0',
      dlq_offset: '0',
      dlq_attempts: '3',
      dlq_time: expect.any(String),
    });
  },
);

test.concurrent('a fault that every record meets is none of theirs: all wait, and none is set aside', async () => {
  const { dlq, consume, give, lines } = await newGroup({ initialMs: 1_000 });
  await using letters = await listenTo([dlq]);
  let isFailing = true;
  const { handled, handle } = handling(() => (isFailing ? new TypeError('broken release') : undefined));
  const values = [...'abcdefghijklmno'].map((key) => `${key}1`);
  await give(...values);
  await using _member = await consume(handle, { concurrency: 20 });
  const outages = () => lines.filter(({ msg }) => msg === 'dependency down, partition waits');
  await eventually(async () => expect(outages().length).toBeGreaterThanOrEqual(4), 30_000);
  expect(letters.records).toEqual([]);
  isFailing = false;
  await eventually(async () => expect(handled.toSorted()).toEqual(values), 30_000);
  expect(letters.records).toEqual([]);
}, 90_000);

test.concurrent('a record with 1,000 headers comes back with all of them', async () => {
  const { source, consume, waiting } = await newGroup();
  const headers = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`h${at}`, String(at)]));
  await send(source, [{ key: 'a', value: 'a1', headers }]);
  const seen: unknown[] = [];
  await using _member = await consume(() => {}, {
    handle: async (message) => {
      seen.push(
        Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, one]) => [name, String(one)])),
      );
      if (seen.length === 1) throw failure();
    },
  });
  await eventually(async () => expect(seen).toEqual([headers, headers]), 20_000);
  await eventually(async () => expect(await waiting()).toEqual([]), 15_000);
});

test.concurrent.each([
  ['what Postgres cannot hold', 'a\0b'],
  ['more than an index takes', randomBytes(3_000).toString('hex')],
])('a record on the topic of retries whose origin is %s holds up nobody', async (_, topic) => {
  const { retry, group, consume } = await newGroup();
  const { handled, handle } = handling(() => undefined);
  const at = (value: string, retry_offset: string, retry_topic: string) => ({
    key: value,
    value,
    headers: { 'target-group': group, retry_topic, retry_partition: '0', retry_offset },
  });
  await send(retry, [at('odd', '1', topic), at('good', '2', 'order.created')]);
  await using _member = await consume(handle);
  await eventually(async () => expect(handled.toSorted()).toEqual(['good', 'odd']), 20_000);
  await eventually(async () => expect(await committedOffset(`${group}-retry`, retry)).toBe(2), 15_000);
});

test.concurrent('a record whose copy never came is tried all the same, a minute late', async () => {
  const { source, group, consume, waiting } = await newGroup();
  const { handled, handle } = handling(() => undefined);
  await keepWaiting(pool, group, { ...waitingRecord(source), value: Buffer.from('a1'), dueMs: -59_000 });
  await using _member = await consume(handle);
  await eventually(async () => expect(handled).toEqual(['a1']), 20_000);
  await eventually(async () => expect(await waiting()).toEqual([]), 15_000);
});

test.concurrent('a record that ends whoever tries it is set aside in the end, and the next of its key goes on', async () => {
  const { source, dlq, group, consume } = await newGroup();
  await using letters = await listenTo([dlq]);
  const next = { ...waitingRecord(source), offset: '1', value: Buffer.from('a2') };
  await parkWaiting(pool, group, { ...waitingRecord(source), isReplay: false });
  await parkWaiting(pool, group, { ...next, isReplay: false });
  await database.rows(
    'update waiting_records set unreported = 10 where record_offset = 0 and consumer_group = $1',
    [group],
  );
  const { handled, handle } = handling(() => undefined);
  await using _member = await consume(handle);
  await eventually(async () => expect(handled).toEqual(['a2']), 20_000);
  await eventually(async () => expect(letters.records).toHaveLength(1), 15_000);
  expect(String(letters.records[0]?.headers?.dlq_class)).toBe('poison');
});

test.concurrent('a replay that comes while its record is tried is tried after it', async () => {
  const group = randomUUID();
  const record = waitingRecord('order.created');
  await parkWaiting(pool, group, { ...record, value: Buffer.from('first'), isReplay: false });
  const [first] = await claimDue(pool, group, { limit: 20, leaseMs: 60_000 });
  await parkWaiting(pool, group, { ...record, value: Buffer.from('edited'), isReplay: true });
  await endWaiting(pool, first ?? { id: 0, version: 0 });
  const [second] = await claimDue(pool, group, { limit: 20, leaseMs: 60_000 });
  expect([String(first?.value), String(second?.value)]).toEqual(['first', 'edited']);
});

function waitingRecord(topic: string) {
  const key = Buffer.from('a');
  return {
    topic,
    partition: 0,
    offset: '0',
    key,
    value: key,
    headers: {},
    attempts: 0,
    reason: '',
    dueMs: 0,
  };
}

test.concurrent('a replay is handled by the group that it is meant for, and passed over by others', async () => {
  const { retry, group, consume } = await newGroup();
  const { handled, handle } = handling(() => undefined);
  const replay = (target: string, value: string) => ({
    key: 'a',
    value,
    headers: {
      'target-group': target,
      retry_topic: 'long.gone',
      retry_partition: '1',
      retry_offset: '7',
      replay_id: 'r',
    },
  });
  await using _member = await consume(handle);
  await send(retry, [replay('another', 'theirs'), { key: null, value: 'nobody’s' }, replay(group, 'ours')]);
  await eventually(async () => expect(handled).toEqual(['ours']), 20_000);
  await eventually(async () => expect(await committedOffset(`${group}-retry`, retry)).toBe(3), 15_000);
  expect(handled).toEqual(['ours']);
});
