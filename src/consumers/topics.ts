import { setTimeout } from 'node:timers/promises';
import { marksKeptMs, recordsKeptMs } from '../core/retention.ts';
import type { TransactionEventType } from '../ledger/events.ts';
import type { OrderEventType } from '../order/events.ts';
import type { Config } from '../platform/config.ts';
import type { Admin, KafkaClient } from '../platform/kafka.ts';

export type EventType = OrderEventType | TransactionEventType;

/** Where each event goes. */
export function topicsOf(config: Config): Readonly<Record<EventType, string>> {
  return {
    'order.created': config.KAFKA_TOPIC_ORDER_CREATED,
    'order.processed': config.KAFKA_TOPIC_ORDER_PROCESSED,
    'order.failed': config.KAFKA_TOPIC_ORDER_FAILED,
    'order.canceled': config.KAFKA_TOPIC_ORDER_CANCELED,
    'transaction.created': config.KAFKA_TOPIC_TRANSACTION_CREATED,
    'transaction.processed': config.KAFKA_TOPIC_TRANSACTION_PROCESSED,
    'transaction.failed': config.KAFKA_TOPIC_TRANSACTION_FAILED,
    'transaction.dead': config.KAFKA_TOPIC_TRANSACTIONS_DLQ,
  };
}

// Bounds the bridges that can share the work.
const numPartitions = 6;
const servedWithinMs = 30_000;

/** Makes the product's topics where they are missing; resolves to a line that says which. */
export async function createTopics(kafka: KafkaClient, config: Config): Promise<string> {
  const { KAFKA_TOPIC_ORDER_RETRY, KAFKA_TOPIC_ORDER_DLQ, KAFKA_TOPIC_TRANSACTIONS_DLQ } = config;
  const deadLetters = [KAFKA_TOPIC_ORDER_DLQ, KAFKA_TOPIC_TRANSACTIONS_DLQ];
  const sources = Object.values(topicsOf(config)).filter((topic) => !deadLetters.includes(topic));
  const wanted = [
    ...sources.map((topic) => definition(topic, { mebibytes: 3 })),
    // Of a record as it came, and the headers that explain it.
    ...[KAFKA_TOPIC_ORDER_RETRY, ...deadLetters].map((topic) => definition(topic, { mebibytes: 6 })),
    definition(config.KAFKA_TOPIC_ORDER_IDEMPOTENCY, {
      mebibytes: 1,
      // By itself compaction keeps every mark for ever.
      cleanup: 'compact,delete',
      keptMs: marksKeptMs,
    }),
  ];
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = wanted.filter(({ topic }) => !existing.has(topic));
    if (missing.length === 0) return 'nothing to do';
    await admin.createTopics({ topics: missing, waitForLeaders: false });
    const names = missing.map(({ topic }) => topic);
    await untilServed(admin, names);
    return `created: ${names.join(', ')}`;
  } finally {
    await admin.disconnect();
  }
}

/** A broker learns of a topic, and that it leads it, a moment after it was made; kafkajs' own wait gives up on either. */
async function untilServed(admin: Admin, topics: readonly string[]): Promise<void> {
  const deadline = performance.now() + servedWithinMs;
  for (;;) {
    try {
      for (const topic of topics) await admin.fetchTopicOffsets(topic);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await setTimeout(100);
    }
  }
}

function definition(
  topic: string,
  {
    mebibytes,
    cleanup = 'delete',
    keptMs = recordsKeptMs,
  }: { mebibytes: number; cleanup?: string; keptMs?: number },
) {
  const configEntries = [
    { name: 'max.message.bytes', value: String(mebibytes * 1_048_576) },
    { name: 'cleanup.policy', value: cleanup },
    { name: 'retention.ms', value: String(keptMs) },
    // kafkajs unpacks gzip only, and a client that meets anything else ends; so the broker unpacks what others packed, and
    // its limit holds for the size unpacked.
    { name: 'compression.type', value: 'uncompressed' },
  ];
  return { topic, numPartitions, configEntries };
}
