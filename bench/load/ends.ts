import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { mendKafkajs } from '../../src/platform/mend-kafkajs.ts';

mendKafkajs();

/** Reads a topic of ends from now on; the promise that it makes for an id resolves once that id has come off it. */
export async function consumeEnds(brokers: string, topic: string): Promise<(id: string) => Promise<void>> {
  const ended = new Set<string>();
  const waiting = new Map<string, () => void>();
  let repeats = 0;
  const arrive = (id: string): void => {
    const done = waiting.get(id);
    if (done === undefined) {
      if (ended.has(id)) repeats += 1;
      ended.add(id);
      return;
    }
    waiting.delete(id);
    done();
  };
  const kafka = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.ERROR });
  const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { key } of batch.messages) arrive(String(key));
    },
  });
  await joined;
  process.on('exit', () => {
    if (repeats > 0) process.stderr.write(`${repeats} ends came off ${topic} more than once\n`);
  });
  return (id) => {
    if (ended.delete(id)) return Promise.resolve();
    return new Promise((resolve) => waiting.set(id, resolve));
  };
}
