import type { Encodings } from '../../src/consumers/formats/encoding.ts';
import { startRelay } from '../../src/consumers/outbox-relay.ts';
import type { OrderEventType } from '../../src/order/events.ts';
import type { KafkaClient } from '../../src/platform/kafka.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { freePort } from '../deploy/ports.ts';
import { poolOf, type TestDatabase } from './database.ts';
import { testKafka } from './kafka.ts';
import { silent } from './log.ts';
import { parts } from './parts.ts';
import { type Running, startProgram } from './program.ts';

export type Topics = Readonly<Record<OrderEventType, string>>;

export interface TestRelay {
  readonly database: TestDatabase;
  readonly topics: Topics;
  readonly kafka?: KafkaClient;
  readonly log?: Logger;
  readonly encodings?: Encodings;
}

/** A relay with a pool of its own, as a process of its own would have it. */
export async function startTestRelay({
  database,
  topics,
  kafka = testKafka(),
  log = silent,
  encodings,
}: TestRelay): Promise<AsyncDisposable> {
  const resources = new AsyncDisposableStack();
  const pool = resources.use(await poolOf(database.url));
  resources.use(await startRelay({ pool, databaseUrl: database.url, kafka, topics, encodings, log }));
  return resources;
}

/** A relay as it is run: a process that can be killed and stopped. It knows one topic for `order.created`. */
export async function startRelayProcess({
  databaseUrl,
  topic,
}: {
  databaseUrl: string;
  topic: string;
}): Promise<Running> {
  return startProgram(['relay'], {
    DATABASE_URL: databaseUrl,
    KAFKA_BROKERS: parts().brokers.join(),
    KAFKA_TOPIC_ORDER_CREATED: topic,
    METRICS_PORT: String(await freePort()),
    LOG_LEVEL: 'warn',
  });
}

export function sameTopic(topic: string): Topics {
  return {
    'order.created': topic,
    'order.processed': topic,
    'order.failed': topic,
    'order.canceled': topic,
  };
}

/** The sessions that hold outbox partitions of this database. */
export function partitionOwners(database: TestDatabase): Promise<{ pid: number; partition: number }[]> {
  return database.rows(
    `select pid, objid::int as partition from pg_locks
     where locktype = 'advisory' and objsubid = 2 and granted and mode = 'ExclusiveLock'
       and database = (select oid from pg_database where datname = current_database())
     order by objid`,
  );
}

/** The sessions of all relays of this database, whatever they hold. */
export async function relaySessions(database: TestDatabase): Promise<number[]> {
  const sessions = await database.rows<{ pid: number }>(
    `select pid from pg_locks
     where locktype = 'advisory' and objsubid = 2 and granted and mode = 'ShareLock'
       and database = (select oid from pg_database where datname = current_database())
     order by pid`,
  );
  return sessions.map(({ pid }) => pid);
}

export async function unsent(database: TestDatabase): Promise<number> {
  return (await database.rows('select from outbox')).length;
}
