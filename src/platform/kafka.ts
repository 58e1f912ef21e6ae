import {
  type Admin,
  type Consumer,
  type ICustomPartitioner,
  Kafka,
  type LogEntry,
  logLevel,
  type PartitionerArgs,
  Partitioners,
  type Producer,
} from 'kafkajs';
import { foreignFields } from './foreign-line.ts';
import type { Logger } from './logger.ts';
import { mendKafkajs } from './mend-kafkajs.ts';

export type {
  Admin,
  EachBatchPayload,
  IHeaders,
  KafkaMessage,
  Producer,
} from 'kafkajs';

export interface KafkaClient {
  /** `retries: 0` where the caller repeats by itself and must hear of a fault at once. */
  producer(options?: { retries?: number; partitioner?: ICustomPartitioner }): Producer;
  consumer(groupId: string): Consumer;
  /** `retries` as of a producer. */
  admin(options?: { retries?: number }): Admin;
}

// The design's limits: a publish may take 10 s and is tried 3 times, after 100 ms, 500 ms and 2 s (factor 5, capped).
const publishRetry = { retries: 3, initialRetryTime: 100, multiplier: 5, factor: 0, maxRetryTime: 2_000 };
const requestTimeoutMs = 10_000;

export function createKafka({
  brokers,
  clientId,
  log,
  sessionTimeoutMs = 15_000,
  fetchWaitMs = 2_500,
}: {
  brokers: readonly string[];
  clientId: string;
  log: Logger;
  /** A consumer that is killed leaves its partitions idle for as long. */
  sessionTimeoutMs?: number;
  /** How often an idle broker is asked, and how long a drain may wait for it; a record ends the wait at once. */
  fetchWaitMs?: number;
}): KafkaClient {
  mendKafkajs();
  const kafka = new Kafka({
    clientId,
    brokers: [...brokers],
    requestTimeout: requestTimeoutMs,
    connectionTimeout: 3_000,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => writeEntry(log, entry),
  });
  return {
    producer: ({ retries = publishRetry.retries, partitioner = Partitioners.DefaultPartitioner } = {}) =>
      kafka.producer({
        allowAutoTopicCreation: false,
        createPartitioner: partitioner,
        retry: { ...publishRetry, retries },
      }),
    consumer: (groupId) =>
      kafka.consumer({
        groupId,
        allowAutoTopicCreation: false,
        sessionTimeout: sessionTimeoutMs,
        maxWaitTimeInMs: fetchWaitMs,
      }),
    admin: ({ retries } = {}) => kafka.admin(retries === undefined ? {} : { retry: { retries } }),
  };
}

/**
 * A partitioner for what belongs with another record: the partition named, which is that record's, as far as there are so many.
 * One key's stay in order. Not by the key's hash, for which kafkajs needs 0.2 s of CPU for 64 kB and minutes for the megabyte
 * that a foreign key may have.
 */
export function byOrigin({ message, partitionMetadata }: PartitionerArgs): number {
  return (message.partition ?? 0) % partitionMetadata.length;
}

// Whenever a member comes or goes the others hear of it, and join again; a broker's first group waits until it can keep any.
const passing = /group is rebalancing|coordinator is (not available|loading)/;

/** A lost broker heals by itself: what kafkajs calls an error is a warning here, and what a group goes through no news. */
function writeEntry(log: Logger, { level, namespace, log: { message, ...rest } }: LogEntry): void {
  const { timestamp: _timestamp, logger: _logger, stack: _stack, correlationId: _number, ...fields } = rest;
  const line = { ...foreignFields(fields), namespace, detail: message };
  const isNews = level <= logLevel.WARN && !passing.test(`${message} ${fields.error}`);
  if (isNews) log.warn(line, 'Kafka client says');
  else log.debug(line, 'Kafka client says');
}

/** True when a send failed for what was sent (too large, not encodable), so that sending it again would fail again. */
export function isRefusal(error: unknown): boolean {
  // By name: ES modules cannot import kafkajs' classes. What ran out of retries calls itself not retriable too.
  return (
    error instanceof Error &&
    error.name !== 'KafkaJSNumberOfRetriesExceeded' &&
    'retriable' in error &&
    error.retriable === false
  );
}

/** True when a send failed with a broker's own answer: about its topic as a rule, and not the way to the brokers. */
export function isAnswered(error: unknown): boolean {
  return error instanceof Error && (error.name === 'KafkaJSProtocolError' || isAnswered(error.cause));
}
