import { randomUUID } from 'node:crypto';
import { consumerLost } from '../facts-events.ts';
import { beginAnew } from '../platform/begin-anew.ts';
import type { EachBatchPayload, KafkaClient, KafkaMessage } from '../platform/kafka.ts';
import type { Logger } from '../platform/logger.ts';

export interface Tail extends AsyncDisposable {
  /** Resolves when everything has been read that was in the topic at the call. */
  catchUp(): Promise<void>;
}

interface Tailing {
  readonly kafka: KafkaClient;
  readonly topic: string;
  /** Of a group that nobody else knows, so that each reader gets all partitions; nothing is committed. */
  readonly group: string;
  readonly onRecord: (message: KafkaMessage, partition: number) => void;
  readonly log: Logger;
}

const longestPauseMs = 5_000;

/** Reads a whole topic from its beginning, and whatever comes into it later, until disposed. */
export function tailTopic({ kafka, topic, group, onRecord, log }: Tailing): Tail {
  const next = new Map<number, number>();
  let waiting: { ends: ReadonlyMap<number, number>; resolve: () => void }[] = [];
  const isReached = (ends: ReadonlyMap<number, number>) =>
    [...ends].every(([partition, end]) => (next.get(partition) ?? 0) >= end);
  const take = async ({ batch }: EachBatchPayload): Promise<void> => {
    for (const message of batch.messages) onRecord(message, batch.partition);
    // A new consumer begins anew; what was read once stays known.
    next.set(batch.partition, Math.max(Number(batch.lastOffset()) + 1, next.get(batch.partition) ?? 0));
    for (const { ends, resolve } of waiting) if (isReached(ends)) resolve();
    waiting = waiting.filter(({ ends }) => !isReached(ends));
  };

  async function read(onSuccess: () => void): Promise<void> {
    const consumer = kafka.consumer(`${group}-${randomUUID()}`);
    const ended = Promise.withResolvers<void>();
    // Whoever awaits it hears of it.
    ended.promise.catch(() => {});
    const onStop = () => ended.resolve();
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) ended.reject(payload.error);
    });
    stop.signal.addEventListener('abort', onStop);
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({ autoCommit: false, eachBatch: take });
      onSuccess();
      if (!stop.signal.aborted) await ended.promise;
    } finally {
      stop.signal.removeEventListener('abort', onStop);
      await consumer.disconnect();
    }
  }

  const stop = new AbortController();
  const reading = beginAnew({
    stop: stop.signal,
    longestPauseMs,
    work: read,
    onFailure: (error, retryMs) => consumerLost(log, { group, error, retryMs }),
  });
  return {
    async catchUp() {
      const ends = await endsOf(kafka, topic);
      if (isReached(ends)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ ends, resolve });
      await promise;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await reading;
    },
  };
}

/** The offset after the last record of each partition that has any. */
async function endsOf(kafka: KafkaClient, topic: string): Promise<ReadonlyMap<number, number>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    const filled = offsets.filter(({ low, high }) => Number(high) > Number(low));
    return new Map(filled.map(({ partition, high }) => [partition, Number(high)]));
  } finally {
    await admin.disconnect();
  }
}
