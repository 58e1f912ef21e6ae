import type { EachBatchPayload, KafkaClient } from '../platform/kafka.ts';

export interface EmittedEvent {
  readonly subjectId: string;
  readonly id: string;
  readonly type: string;
}

interface Reading {
  readonly kafka: KafkaClient;
  readonly topics: Readonly<Record<string, string>>;
  /** Of a group that nobody else knows; it is gone afterwards. */
  readonly group: string;
  readonly stop: AbortSignal;
  readonly onPage: (events: readonly EmittedEvent[]) => Promise<void>;
}

// A broker that brings nothing for so long will not bring the end either.
const silenceMs = 60_000;

/**
 * Reads the topics from their beginning to what is their end when it starts, with one of the broker's batches (a MB or so)
 * in memory at a time. Resolves to the time since when everything is there; null when nothing has been dropped for its age.
 */
export async function readEvents({ kafka, topics, group, stop, onPage }: Reading): Promise<Date | null> {
  const types = new Map(Object.entries(topics).map(([type, topic]) => [topic, type]));
  const extent = await readExtent(kafka, [...types.keys()]);
  if (extent.isRead()) return extent.since();
  const done = Promise.withResolvers<void>();
  const silence = setTimeout(
    () => done.reject(new Error(`Kafka brought no events for ${silenceMs} ms; is a broker missing?`)),
    silenceMs,
  );
  const onStop = () => done.reject(stop.reason);
  stop.addEventListener('abort', onStop);
  const consumer = kafka.consumer(group);
  consumer.on(consumer.events.CRASH, ({ payload }) => done.reject(payload.error));
  const take = async ({ batch }: EachBatchPayload) => {
    silence.refresh();
    const { topic, messages } = batch;
    await onPage(
      messages.flatMap(({ key, headers }) =>
        // What does not look like an event of ours is for the bridge to judge.
        key === null || headers?.ce_id === undefined
          ? []
          : [{ subjectId: key.toString(), id: String(headers.ce_id), type: types.get(topic) ?? topic }],
      ),
    );
    extent.hasRead({ ...batch, first: messages[0]?.timestamp, last: batch.lastOffset() });
    if (extent.isRead()) done.resolve();
  };
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [...types.keys()], fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatch: (payload) => take(payload).catch(done.reject) });
    await done.promise;
  } finally {
    clearTimeout(silence);
    stop.removeEventListener('abort', onStop);
    await consumer.disconnect();
    await forgetGroup(kafka, group);
  }
  return extent.since();
}

/** How far these topics reach at the moment, and how much of that has been read. */
async function readExtent(kafka: KafkaClient, topics: readonly string[]) {
  const missing = new Map<string, number>();
  const beginnings = new Map<string, number>();
  const admin = kafka.admin();
  await admin.connect();
  try {
    for (const topic of topics) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        const place = `${topic}/${partition}`;
        if (Number(high) > Number(low)) missing.set(place, Number(high) - 1);
        // Until its first record tells when it was written, all that may have been there is gone.
        if (Number(low) > 0) beginnings.set(place, Date.now());
      }
    }
  } finally {
    await admin.disconnect();
  }
  const unseen = new Set(beginnings.keys());
  return {
    isRead: () => missing.size === 0,
    hasRead: (read: { topic: string; partition: number; first: string | undefined; last: string }) => {
      const place = `${read.topic}/${read.partition}`;
      if (read.first !== undefined && unseen.delete(place)) beginnings.set(place, Number(read.first));
      if (Number(read.last) >= (missing.get(place) ?? Number.POSITIVE_INFINITY)) missing.delete(place);
    },
    since: () => (beginnings.size === 0 ? null : new Date(Math.max(...beginnings.values()))),
  };
}

async function forgetGroup(kafka: KafkaClient, group: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  // It would go by itself, a week later.
  await admin.deleteGroups([group]).catch(() => {});
  await admin.disconnect();
}
