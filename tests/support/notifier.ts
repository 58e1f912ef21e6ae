import { randomUUID } from 'node:crypto';
import type { RunningConsumer } from '../../src/consumers/consume.ts';
import { eventId, newId } from '../../src/core/id.ts';
import type { DeduplicationDeps } from '../../src/notifier/deduplication.ts';
import { type NotifierDeps, startNotifier } from '../../src/notifier/notifier.ts';
import type { Pool } from '../../src/store/pool.ts';
import { makeTopics, testKafka } from './kafka.ts';
import { type Line, memoryLog } from './log.ts';

export const stores: readonly DeduplicationDeps['store'][] = [
  'postgres',
  'redis',
  'compacted-topic',
  'hybrid',
];

/** Topics and a group that no other test knows. */
export async function notifying(
  store: DeduplicationDeps['store'],
  { pool, redis }: { pool: Pool; redis: string },
): Promise<NotifierDeps> {
  const { processed, marks } = await makeTopics(['processed', 'marks'], { partitions: 6 });
  const { dlq } = await makeTopics(['dlq']);
  return {
    store,
    pool,
    redis: { address: redis, password: undefined, database: 0 },
    kafka: testKafka(),
    topic: processed,
    deadLetterTopic: dlq,
    marksTopic: marks,
    group: randomUUID(),
    ...memoryLog(),
  };
}

export interface TestNotifier extends AsyncDisposable {
  /** One for each record handled. */
  readonly handled: () => readonly Line[];
  readonly lines: readonly Line[];
  readonly consumer: RunningConsumer;
}

/** One more member of the group. */
export async function startTestNotifier(given: NotifierDeps): Promise<TestNotifier> {
  const { log, lines } = memoryLog();
  const consumer = await startNotifier({ ...given, log });
  return {
    lines,
    consumer,
    handled: () => lines.filter(({ msg }) => msg === 'customer notified'),
    [Symbol.asyncDispose]: () => consumer[Symbol.asyncDispose](),
  };
}

export function orderProcessedRecord() {
  const id = newId();
  const body = { order_id: id, status: 'completed', amount_cents: 4_200, currency: 'EUR', schema_version: 1 };
  return {
    key: id,
    value: JSON.stringify(body),
    headers: { ce_id: eventId(id, 'order.processed'), ce_type: 'order.processed' },
  };
}

/** What a record says. */
export function notificationOf({ key, headers }: ReturnType<typeof orderProcessedRecord>) {
  return { eventId: headers.ce_id, orderId: key, what: 'order.processed' };
}
