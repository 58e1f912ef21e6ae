import { recordHandled, recordSkipped } from '../facts-events.ts';
import type { IHeaders, KafkaClient } from '../platform/kafka.ts';
import type { Logger } from '../platform/logger.ts';
import { isRefused, type Pool } from '../store/pool.ts';
import type { StoredHeaders } from '../store/stored-headers.ts';
import { parkWaiting } from '../store/waiting-records.ts';
import type { RecordPosition } from '../workflows/contract.ts';
import { type RunningConsumer, startConsumer } from './consume.ts';
import type { ConsumedRecord } from './copies.ts';
import { RecordFault } from './faults.ts';
import { toStored, valuesOf } from './headers.ts';

export interface RetryIntakeDeps {
  readonly kafka: KafkaClient;
  readonly pool: Pool;
  /** Of the intake itself. */
  readonly group: string;
  readonly topic: string;
  readonly deadLetterTopic: string;
  /** Those whom a record may be meant for; others' are passed over. */
  readonly targets: readonly Pick<RunningConsumer, 'group' | 'retryNow'>[];
  readonly log: Logger;
}

const concurrency = 20;

/** Takes what waits, and what is replayed, from the topic of retries to where it is tried when it is due. */
export function startRetryIntake(deps: RetryIntakeDeps): Promise<RunningConsumer> {
  const { kafka, pool, group, topic, deadLetterTopic, targets, log } = deps;
  return startConsumer({
    kafka,
    group,
    topics: [topic],
    deadLetterTopic,
    concurrency,
    log,
    isBehind: async () => false,
    handle: async (message, position) => {
      const name = message.headers?.['target-group']?.toString();
      const target = targets.find((one) => one.group === name);
      if (target === undefined) return recordSkipped(topic);
      await parkWaiting(pool, target.group, parked(message, position)).catch(asItsOwnFault);
      recordHandled(topic);
      target.retryNow();
    },
  });
}

function parked({ key, value, headers = {}, offset }: ConsumedRecord, position: RecordPosition) {
  const origin = {
    topic: topicName(headers.retry_topic),
    partition: whole(headers.retry_partition, 2 ** 31),
    offset: whole(headers.retry_offset),
  };
  const { topic, partition, offset: at } = origin;
  const isKnown = topic !== undefined && partition !== undefined && at !== undefined;
  return {
    // One that does not say where it was read first was read here first.
    ...(isKnown ? { topic, partition, offset: String(at) } : { ...position, offset }),
    key,
    value,
    headers: asItCame(headers),
    attempts: whole(headers.retry_attempts, 1_000) ?? 0,
    reason: headers.retry_reason?.toString().replaceAll('\0', '�') ?? '',
    dueMs: 0,
    isReplay: headers.replay_id !== undefined,
  };
}

/** What Postgres cannot hold, whatever it is, holds up nothing that comes after it. */
function asItsOwnFault(error: unknown): never {
  throw isRefused(error) ? new RecordFault('invalid', `it cannot be kept: ${error.message}`) : error;
}

function topicName(header: IHeaders[string]): string | undefined {
  const name = header?.toString() ?? '';
  return /^[\w.-]{1,249}$/.test(name) ? name : undefined;
}

function whole(header: IHeaders[string], below: number = Number.MAX_SAFE_INTEGER): number | undefined {
  const text = header?.toString() ?? '';
  return /^\d{1,16}$/.test(text) && Number(text) < below ? Number(text) : undefined;
}

const own = /^(retry_(topic|partition|offset|attempts|reason)|replay_id|target-group)$/;

/** As the record came first. */
function asItCame(headers: IHeaders): StoredHeaders {
  return toStored(new Map([...valuesOf(headers)].filter(([name]) => !own.test(name))));
}
