import { randomUUID } from 'node:crypto';
import { KafkaJSNonRetriableError } from 'kafkajs';
import { type Consumption, startConsumer } from '../../src/consumers/consume.ts';
import { RecordFault } from '../../src/consumers/faults.ts';
import { eventually } from '../support/eventually.ts';
import { committedOffset, listenTo, makeTopics, send, testKafka } from '../support/kafka.ts';
import { memoryLog, silent } from '../support/log.ts';

type Given = Partial<Consumption> & Pick<Consumption, 'handle' | 'topics' | 'group'>;

function consume(given: Given): Promise<AsyncDisposable> {
  return startConsumer({
    kafka: testKafka(),
    deadLetterTopic: 'unused',
    concurrency: 1,
    isBehind: async () => false,
    log: silent,
    ...given,
  });
}

function warningLog() {
  const { log, lines } = memoryLog();
  const warnings = () => lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
  return { log, warnings };
}

/** A topic with one record for each letter, its key. */
async function topicWith(letters: string): Promise<string> {
  const { source } = await makeTopics(['source']);
  await send(
    source,
    [...letters].map((key) => ({ key, value: key })),
  );
  return source;
}

// Side by side, each with topics and a group of its own: most of it is waiting for groups to find together.
test.concurrent('what was not durable when a consumer stopped is read again by the next one, and nothing else', async () => {
  const topic = await topicWith('abcdefgh');
  const group = randomUUID();
  const handled: string[] = [];
  const { log, warnings } = warningLog();
  {
    await using _first = await consume({
      group,
      topics: [topic],
      log,
      handle: async ({ key }) => {
        if (String(key) >= 'e') throw new Error('down');
        handled.push(String(key));
      },
    });
    await eventually(async () => expect(warnings().length).toBeGreaterThanOrEqual(2), 15_000);
  }
  expect(handled.join('')).toBe('abcd');
  expect(await committedOffset(group, topic)).toBe(4);

  const again: string[] = [];
  await using _next = await consume({
    group,
    topics: [topic],
    handle: async ({ key }) => void again.push(String(key)),
  });
  await eventually(async () => expect(again.join('')).toBe('efgh'), 15_000);
  await eventually(async () => expect(await committedOffset(group, topic)).toBe(8), 15_000);
});

test.concurrent('an outage holds its window back and repeats only what it hit; then all goes on by itself', async () => {
  const topic = await topicWith('abcdefgh');
  const group = randomUUID();
  const { log, warnings } = warningLog();
  const handled: string[] = [];
  let isDown = true;
  await using _consumer = await consume({
    group,
    topics: [topic],
    concurrency: 4,
    log,
    handle: async ({ key }) => {
      if (isDown && String(key) === 'b') throw new Error('down');
      handled.push(String(key));
    },
  });
  await eventually(async () => expect(warnings().length).toBeGreaterThanOrEqual(3), 15_000);
  expect(new Set(warnings())).toEqual(new Set(['dependency down, partition waits']));
  expect(handled.toSorted().join('')).toBe('acd');
  expect(await committedOffset(group, topic)).toBe(-1);

  isDown = false;
  await eventually(async () => expect(handled.toSorted().join('')).toBe('abcdefgh'), 15_000);
  await eventually(async () => expect(await committedOffset(group, topic)).toBe(8), 15_000);
});

test.concurrent('no more records are taken on while the work is behind', async () => {
  const topic = await topicWith('abcd');
  const handled: string[] = [];
  let asked = 0;
  let isBehind = true;
  await using _consumer = await consume({
    group: randomUUID(),
    topics: [topic],
    isBehind: async () => {
      asked += 1;
      return isBehind;
    },
    handle: async ({ key }) => void handled.push(String(key)),
  });
  await eventually(async () => expect(asked).toBeGreaterThanOrEqual(5), 15_000);
  expect(handled).toEqual([]);
  isBehind = false;
  await eventually(async () => expect(handled.join('')).toBe('abcd'), 15_000);
});

test.concurrent('a broken record is not passed over before its dead letter is durable', async () => {
  const topic = await topicWith('ab');
  const group = randomUUID();
  const { log, warnings } = warningLog();
  const handled: string[] = [];
  // The broker refuses the letter: it is larger than its topic takes.
  const { dlq } = await makeTopics(['dlq'], { maxMessageBytes: 100 });
  await using _consumer = await consume({
    group,
    topics: [topic],
    deadLetterTopic: dlq,
    log,
    handle: async ({ key }) => {
      if (String(key) === 'a') throw new RecordFault('invalid', 'never');
      handled.push(String(key));
    },
  });
  await eventually(async () => expect(warnings().length).toBeGreaterThanOrEqual(1), 15_000);
  expect(warnings()[0]).toBe('dependency down, partition waits');
  expect(handled).toEqual([]);
  expect(await committedOffset(group, topic)).toBe(-1);

  await allow(dlq, 1_000_000);
  await using letters = await listenTo([dlq]);
  await eventually(async () => expect(letters.records.map(({ key }) => String(key))).toEqual(['a']), 20_000);
  await eventually(async () => expect(handled.join('')).toBe('b'), 15_000);
}, 60_000);

test.concurrent('a consumer that kafkajs gives up is made anew', async () => {
  const topic = await topicWith('a');
  const { log, warnings } = warningLog();
  const handled: string[] = [];
  let isBroken = true;
  await using _consumer = await consume({
    group: randomUUID(),
    topics: [topic],
    log,
    isBehind: async () => {
      if (isBroken) throw new KafkaJSNonRetriableError('cannot go on');
      return false;
    },
    handle: async ({ key }) => void handled.push(String(key)),
  });
  await eventually(async () => expect(warnings().length).toBeGreaterThanOrEqual(2), 30_000);
  expect(warnings()).toContain('consumer lost, another is made');
  isBroken = false;
  await eventually(async () => expect(handled).toEqual(['a']), 30_000);
}, 90_000);

test.concurrent('records of one key are handled one after the other, and none of them before an outage of an earlier one is over', async () => {
  const { source: topic } = await makeTopics(['source']);
  await send(
    topic,
    ['a1', 'b1', 'a2', 'b2', 'a3'].map((value) => ({ key: value.slice(0, 1), value })),
  );
  const handled: string[] = [];
  let failures = 2;
  await using _consumer = await consume({
    group: randomUUID(),
    topics: [topic],
    concurrency: 10,
    handle: async ({ value }) => {
      if (String(value) === 'a2' && failures-- > 0) throw new Error('down');
      handled.push(String(value));
    },
  });
  await eventually(async () => expect(handled).toHaveLength(5), 15_000);
  expect(handled.filter((value) => value.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
  expect(handled.indexOf('b2')).toBeLessThan(handled.indexOf('a2'));
});

async function allow(topic: string, maxMessageBytes: number): Promise<void> {
  const admin = testKafka().admin();
  await admin.connect();
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      // 2 is kafkajs' ConfigResourceTypes.TOPIC
      {
        type: 2,
        name: topic,
        configEntries: [{ name: 'max.message.bytes', value: String(maxMessageBytes) }],
      },
    ],
  });
  await admin.disconnect();
}
