import { randomUUID } from 'node:crypto';
import type { KafkaClient } from '../platform/kafka.ts';
import type { Logger } from '../platform/logger.ts';
import { openRedis, type RedisSettings } from '../platform/redis.ts';
import { type Notification, notify } from '../store/notifications.ts';
import type { Pool } from '../store/pool.ts';
import type { RecordPosition } from '../workflows/contract.ts';
import { effectOnce, type Marks } from './effect-once.ts';
import { hybridMarks } from './hybrid-marks.ts';
import { onceInPostgres } from './postgres-once.ts';
import { redisMarks } from './redis-marks.ts';
import { topicMarks } from './topic-marks.ts';

/** Sees to it that a customer is told of an event once, however many records of it there are. */
export interface Deduplication extends AsyncDisposable {
  /** False when an earlier record of the event told him. Rejects when it cannot be done now; another try by this process is harmless. */
  notifyOnce(notification: Notification, record: RecordPosition): Promise<boolean>;
  /** To be called when partitions have been assigned, before any of their records is handled. */
  assigned(): void;
  check(): Promise<void>;
}

export interface DeduplicationDeps {
  readonly store: 'postgres' | 'redis' | 'compacted-topic' | 'hybrid';
  readonly pool: Pool;
  readonly redis: RedisSettings;
  readonly kafka: KafkaClient;
  readonly marksTopic: string;
  /** The group of consumers whose effects are told apart. */
  readonly group: string;
  readonly log: Logger;
}

export async function openDeduplication(deps: DeduplicationDeps): Promise<Deduplication> {
  const { store, pool } = deps;
  if (store === 'postgres') return onceInPostgres(pool);
  const marks = await openMarks(store, deps);
  const processId = randomUUID();
  return {
    notifyOnce: effectOnce(marks, (notification: Notification) => notify(pool, notification, processId)),
    assigned: () => marks.assigned(),
    check: () => marks.check(),
    [Symbol.asyncDispose]: () => marks[Symbol.asyncDispose](),
  };
}

async function openMarks(
  store: Exclude<DeduplicationDeps['store'], 'postgres'>,
  { redis, kafka, marksTopic: topic, group, log }: DeduplicationDeps,
): Promise<Marks> {
  const inRedis = () => redisMarks({ redis: openRedis(redis), group });
  const inTopic = () => topicMarks({ kafka, topic, group, log });
  if (store === 'redis') return inRedis();
  if (store === 'compacted-topic') return inTopic();
  return hybridMarks({ topic: await inTopic(), redis: inRedis(), log });
}
