import { marksKeptMs } from '../core/retention.ts';
import { marksRead } from '../facts-notifier.ts';
import { byOrigin, type KafkaClient } from '../platform/kafka.ts';
import type { Logger } from '../platform/logger.ts';
import { within } from '../platform/within.ts';
import { coalesce } from '../store/coalesce.ts';
import type { RecordPosition } from '../workflows/contract.ts';
import type { Marks } from './effect-once.ts';
import { createKnownMarks } from './known-marks.ts';
import { tailTopic } from './topic-tail.ts';

export interface TopicMarksDeps {
  readonly kafka: KafkaClient;
  /** Compacted, and of one group of consumers alone. */
  readonly topic: string;
  readonly group: string;
  readonly log: Logger;
}

// Shorter than a member may be without a heartbeat; what is not read by then is read on while the partition waits.
const patienceMs = 5_000;
const sendMs = 10_000;

/**
 * DEDUP_STORE=compacted-topic. The effect, then a record with the event's id as key (acks=all). Each member reads the whole
 * topic into memory when it starts and follows it; when partitions are assigned, it reads up to the end before it goes on.
 *
 * Guarantees one effect as long as an event's records share a partition and a partition one member, as Kafka has it. A member
 * that dies between effect and mark means one repeat, and so does one that was silent for so long that another took over
 * while it was at work, or that hands its partition on after an effect whose answer was lost.
 *
 * Costs 950 µs of CPU an event, half of it the broker's, since with 8 at a time few marks share a send; 124 bytes of disk, and
 * 100 bytes of memory in each member for each event of 40 days: ten events a second are 3.5 GB, more than Node takes by
 * itself. 0.26 of the effects a second that there are without it. A repeat is answered from memory.
 *
 * Survives every restart: what the broker acknowledged is read again. Needs nothing beside Kafka.
 */
export async function topicMarks({ kafka, topic, group, log }: TopicMarksDeps): Promise<Marks> {
  await using opening = new AsyncDisposableStack();
  const known = createKnownMarks(marksKeptMs);
  // The loop repeats what fails, with heartbeats between.
  const producer = kafka.producer({ retries: 0, partitioner: () => byOrigin });
  await producer.connect();
  opening.defer(() => producer.disconnect());
  const tail = opening.use(
    tailTopic({
      kafka,
      topic,
      group: `${group}-marks`,
      log,
      onRecord: ({ key, value, timestamp }, partition) => {
        if (key !== null && value !== null) known.add(partition, key.toString(), Number(timestamp));
      },
    }),
  );

  let caughtUp: Promise<void> | undefined;
  function catchUp(): Promise<void> {
    const started = performance.now();
    const attempt = tail
      .catchUp()
      .then(() => marksRead(log, { marks: known.size, seconds: (performance.now() - started) / 1_000 }));
    attempt.catch(() => {
      if (caughtUp === attempt) caughtUp = undefined;
    });
    return attempt;
  }

  // kafkajs sends each call by itself: what comes while one is under way shares the next.
  const send = coalesce(
    async (marks: readonly Mark[]) => {
      const messages = marks.map(({ eventId, record: { topic: source, partition, offset } }) => ({
        partition,
        key: eventId,
        value: `${source}/${partition}/${offset}`,
      }));
      await producer.send({ topic, acks: -1, timeout: sendMs, messages });
      for (const { eventId, record } of marks) known.add(record.partition, eventId, Date.now());
      return marks.map(() => undefined);
    },
    {
      atOnce: 1,
      maxItems: 500,
      maxSize: 500,
      sizeOf: () => 1,
      patienceMs: sendMs,
      tooLate: () => new Error(`the mark was not sent within ${sendMs} ms`),
      isEverybodys: () => true,
    },
  );

  const resources = opening.move();
  return {
    async claim(eventId) {
      caughtUp ??= catchUp();
      await within(patienceMs, caughtUp, () => new Error(`${known.size} marks read, and not all yet`));
      return known.has(eventId) ? 'done' : 'new';
    },
    mark: (eventId, record) => send({ eventId, record }),
    release: async () => {},
    assigned() {
      caughtUp = undefined;
    },
    check: async () => {},
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

interface Mark {
  readonly eventId: string;
  readonly record: RecordPosition;
}
