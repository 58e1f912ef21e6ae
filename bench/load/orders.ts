import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { postOrderTo } from './post-order.ts';
import { serveLoad } from './serve.ts';

// A client of the whole system: it posts an order and waits for the order's own order.processed to come off the topic.

const { API_URL = '', KAFKA_BROKERS = '' } = process.env;

const ended = new Set<string>();
const waiting = new Map<string, () => void>();
let repeats = 0;

await consumeProcessed();
const postOrder = postOrderTo(API_URL);
serveLoad({
  order: async () => {
    // The contract's shape; the acceptance tests check it.
    const { id } = (await (await postOrder()).json()) as { id: string };
    await untilProcessed(id);
  },
});

function untilProcessed(id: string): Promise<void> {
  if (ended.delete(id)) return Promise.resolve();
  return new Promise((resolve) => waiting.set(id, resolve));
}

async function consumeProcessed(): Promise<void> {
  const kafka = new Kafka({ clientId: 'bench', brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.ERROR });
  const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topics: ['order.processed'], fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    eachBatch: async ({ batch }) => {
      for (const { key } of batch.messages) arrive(String(key));
    },
  });
  await joined;
}

function arrive(id: string): void {
  const done = waiting.get(id);
  if (done === undefined) {
    if (ended.has(id)) repeats += 1;
    ended.add(id);
    return;
  }
  waiting.delete(id);
  done();
}
process.on('exit', () => {
  if (repeats > 0) process.stderr.write(`${repeats} orders were announced as processed more than once\n`);
});
