import { randomUUID } from 'node:crypto';
import {
  type Admin,
  CompressionTypes,
  type IHeaders,
  Kafka,
  type KafkaMessage,
  logLevel,
  type Producer,
} from 'kafkajs';
import { eventually } from '../../support/eventually.ts';

export interface EventRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string | null;
  /** `ce_id`. */
  readonly id: string | undefined;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** As it came off the topic, to be produced again. */
  readonly message: KafkaMessage;
}

export interface Events extends AsyncDisposable {
  /** Everything these topics hold now, read by a consumer that nobody knows from their beginning. */
  read(...topics: string[]): Promise<EventRecord[]>;
  produce(topic: string, messages: readonly Produced[], compression?: CompressionTypes): Promise<void>;
  /** The records of a key once more, as they are. */
  repeat(topic: string, key: string): Promise<void>;
  /** Records that the group has not committed yet. */
  lag(group: string, topic: string): Promise<number>;
}

export interface Produced {
  readonly key: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: IHeaders;
  readonly partition?: number;
}

const readWithinMs = 30_000;

export async function openEvents(brokers: readonly string[]): Promise<Events> {
  // While brokers are killed, what kafkajs says about it is no news.
  const kafka = new Kafka({ brokers: [...brokers], clientId: 'acceptance', logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await admin.connect();
  await producer.connect();
  const read = (...topics: string[]) => readAll(kafka, admin, topics);
  return {
    read,
    repeat: async (topic, key) => {
      const records = (await read(topic)).filter((record) => record.key === key);
      const messages = records.map(({ message: { value, headers = {} } }) => ({ key, value, headers }));
      await produce(producer, topic, messages);
    },
    produce: (topic, messages, compression) => produce(producer, topic, messages, compression),
    lag: (group, topic) => lag(admin, group, topic),
    [Symbol.asyncDispose]: async () => {
      await producer.disconnect();
      await admin.disconnect();
    },
  };
}

async function produce(
  producer: Producer,
  topic: string,
  messages: readonly Produced[],
  compression = CompressionTypes.None,
): Promise<void> {
  await producer.send({ topic, acks: -1, messages: [...messages], compression });
}

async function readAll(kafka: Kafka, admin: Admin, topics: readonly string[]): Promise<EventRecord[]> {
  const missing = new Map<string, number>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      if (Number(high) > Number(low)) missing.set(`${topic}/${partition}`, Number(high) - 1);
    }
  }
  const records: EventRecord[] = [];
  if (missing.size === 0) return records;
  const groupId = `acceptance-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message }) => {
        records.push(toRecord(topic, partition, message));
        if (Number(message.offset) >= (missing.get(`${topic}/${partition}`) ?? Number.POSITIVE_INFINITY)) {
          missing.delete(`${topic}/${partition}`);
        }
      },
    });
    await eventually(async () => {
      if (missing.size > 0) throw new Error(`not read to their end: ${[...missing.keys()].join(', ')}`);
    }, readWithinMs);
  } finally {
    await consumer.disconnect();
  }
  await admin.deleteGroups([groupId]);
  return records;
}

async function lag(admin: Admin, groupId: string, topic: string): Promise<number> {
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
  const ends = await admin.fetchTopicOffsets(topic);
  return ends.reduce((sum, { partition, high, low }) => {
    const offset = Number(committed?.partitions.find((one) => one.partition === partition)?.offset ?? -1);
    return sum + Number(high) - (offset < 0 ? Number(low) : offset);
  }, 0);
}

function toRecord(topic: string, partition: number, message: KafkaMessage): EventRecord {
  const headers = Object.fromEntries(
    Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  return {
    topic,
    partition,
    offset: message.offset,
    key: message.key?.toString() ?? null,
    id: headers.ce_id,
    value: message.value?.toString() ?? null,
    headers,
    message,
  };
}
