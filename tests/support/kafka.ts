import { randomUUID } from 'node:crypto';
import { CompressionTypes } from 'kafkajs';
import { createKafka, type IHeaders, type KafkaClient, type KafkaMessage } from '../../src/platform/kafka.ts';
import { eventually } from './eventually.ts';
import { silent } from './log.ts';
import { parts } from './parts.ts';
import { type Link, startProxy } from './proxy.ts';

export function testKafka(brokers = parts().brokers, log = silent): KafkaClient {
  // Whoever ends one of its consumers waits for that.
  return createKafka({ brokers, clientId: 'test', log, fetchWaitMs: 100 });
}

/** Topics that no other test knows, one for each of the given words. */
export async function makeTopics<Word extends string>(
  words: readonly Word[],
  { partitions = 1, maxMessageBytes = 6_291_456 } = {},
): Promise<Readonly<Record<Word, string>>> {
  const suffix = randomUUID().slice(0, 8);
  const topics = words.map((word) => `${word}-${suffix}`);
  const admin = testKafka().admin();
  await admin.connect();
  await admin.createTopics({
    // kafkajs waits for leaders only of topics that the broker knows already; it may take a moment more.
    waitForLeaders: false,
    topics: topics.map((topic) => ({
      topic,
      numPartitions: partitions,
      configEntries: [{ name: 'max.message.bytes', value: String(maxMessageBytes) }],
    })),
  });
  // A broker is named leader before it has learnt that it is one, and refuses until then.
  await eventually(() => Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic))), 30_000);
  await admin.disconnect();
  // fromEntries forgets the literal keys
  return Object.fromEntries(words.map((word) => [word, `${word}-${suffix}`])) as Record<Word, string>;
}

export type Received = KafkaMessage & { readonly topic: string; readonly partition: number };

/** Everything that is and comes into these topics. */
export async function listenTo(
  topics: readonly string[],
): Promise<{ records: readonly Received[] } & AsyncDisposable> {
  const consumer = testKafka().consumer(`test-${randomUUID()}`);
  const records: Received[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, partition, message }) => {
      records.push({ ...message, topic, partition });
    },
  });
  return { records, [Symbol.asyncDispose]: () => consumer.disconnect() };
}

export async function send(
  topic: string,
  messages: readonly {
    key: string | null;
    value: Buffer | string | null;
    headers?: IHeaders;
    partition?: number;
  }[],
  compression = CompressionTypes.None,
): Promise<void> {
  const producer = testKafka().producer();
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: [...messages], compression });
  await producer.disconnect();
}

/** Offsets of a group's commits in a topic with one partition; −1 before the first. */
export async function committedOffset(group: string, topic: string): Promise<number> {
  const admin = testKafka().admin();
  await admin.connect();
  const [entry] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  await admin.disconnect();
  return Number(entry?.partitions[0]?.offset ?? -1);
}

/** A way to the broker that can be cut. Clients learn the broker's address from itself, so the proxy puts its own in place. */
export function kafkaProxy(): Promise<Link> {
  const [host = '', port = ''] = parts().brokers[0]?.split(':') ?? [];
  return startProxy({ host, port: Number(port), translate: frames(host, Number(port)) });
}

function frames(host: string, port: number) {
  return (proxyPort: number) => {
    let waiting = Buffer.alloc(0);
    return (bytes: Buffer): Buffer => {
      waiting = Buffer.concat([waiting, bytes]);
      const whole: Buffer[] = [];
      while (waiting.length >= 4 && waiting.length >= 4 + waiting.readInt32BE()) {
        const end = 4 + waiting.readInt32BE();
        whole.push(replaceAddress(waiting.subarray(0, end), { host, port, proxyPort }));
        waiting = waiting.subarray(end);
      }
      return Buffer.concat(whole);
    };
  };
}

function replaceAddress(
  frame: Buffer,
  { host, port, proxyPort }: { host: string; port: number; proxyPort: number },
): Buffer {
  const address = Buffer.alloc(host.length + 4);
  address.write(host);
  address.writeInt32BE(port, host.length);
  for (let at = frame.indexOf(address); at >= 0; at = frame.indexOf(address, at + 1))
    frame.writeInt32BE(proxyPort, at + host.length);
  return frame;
}
