import type { EachBatchPayload, KafkaClient } from '../platform/kafka.ts';

export interface Membership extends AsyncDisposable {
  /** Rejects when kafkajs has given this consumer up: after faults that it calls retriable it restarts it itself. */
  readonly lost: Promise<never>;
}

interface Joining {
  readonly kafka: KafkaClient;
  readonly group: string;
  readonly topics: readonly string[];
  readonly eachBatch: (payload: EachBatchPayload) => Promise<void>;
  readonly onJoined: () => void;
  readonly onProgress: () => void;
}

export async function joinGroup(joining: Joining): Promise<Membership> {
  const { kafka, group, topics, eachBatch, onJoined, onProgress } = joining;
  const consumer = kafka.consumer(group);
  const { CRASH, GROUP_JOIN, FETCH, HEARTBEAT } = consumer.events;
  const lost = Promise.withResolvers<never>();
  // Whoever awaits it hears of it.
  lost.promise.catch(() => {});
  consumer.on(CRASH, ({ payload }) => {
    if (!payload.restart) lost.reject(payload.error);
  });
  consumer.on(GROUP_JOIN, onJoined);
  consumer.on(FETCH, onProgress);
  consumer.on(HEARTBEAT, onProgress);
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      eachBatchAutoResolve: false,
      // A crash redelivers at most what a second brings.
      autoCommitInterval: 1_000,
      eachBatch,
    });
  } catch (error) {
    await consumer.disconnect().catch(() => {});
    throw error;
  }
  return { lost: lost.promise, [Symbol.asyncDispose]: () => consumer.disconnect() };
}
