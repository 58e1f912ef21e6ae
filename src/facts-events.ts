import type { Logger } from './platform/logger.ts';
import { beginAtZero, counter, gauge, histogram } from './platform/metrics.ts';

// Facts of the events' way through Kafka; see facts.ts.

const published = counter('events_published_total', 'Events the broker acknowledged', ['topic']);
const publishSeconds = histogram(
  'kafka_producer_latency_seconds',
  'Time until the broker acknowledged a batch',
);
const endToEndSeconds = histogram(
  'order_end_to_end_seconds',
  'From the acceptance of an order to the broker’s acknowledgement of its last event; one that is sent twice counts twice',
  ['status'],
  [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600],
);
const consumed = counter('events_consumed_total', 'Records taken from a topic', ['topic', 'outcome']);
const deadLetters = counter('dlq_messages_total', 'Records set aside', ['topic', 'class']);
const waitingRecords = gauge(
  'waiting_records',
  'Records that failed, or wait behind one, until they are tried',
  ['group'],
);
const groupJoins = counter(
  'consumer_group_joins_total',
  'Times that a consumer got its partitions, the first included',
  ['group'],
);
const consumersLost = counter('consumers_lost_total', 'Consumers that ended and were replaced', ['group']);
const schemasFromStore = counter(
  'schemas_without_registry_total',
  'Schemas taken from Postgres because the registry did not answer',
);
const outboxUnsent = gauge('outbox_unsent_rows', 'Rows that wait to be sent, counted up to 100,000');
const partitionsOwned = gauge('outbox_partitions_owned', 'Partitions of the outbox that this relay sends');
const outboxAge = gauge('outbox_oldest_seconds', 'Age of the oldest row that waits to be sent');

/** Of these topics nothing has been sent yet, and these are the statuses with which an order may end. */
export function publishingBegins({
  topics,
  statuses,
}: {
  topics: readonly string[];
  statuses: readonly string[];
}): void {
  beginAtZero(published, { topic: topics });
  for (const status of statuses) endToEndSeconds.zero({ status });
}

interface PublishedEvent {
  readonly event_id: string;
  /** `order.created`: its key is an order's id. */
  readonly type: string;
  readonly key: string;
  readonly traceparent: string | null;
  readonly correlation_id: string | null;
}

/** Together, in one batch. */
export function eventsPublished(
  log: Logger,
  { topic, events, seconds }: { topic: string; events: readonly PublishedEvent[]; seconds: number },
): void {
  published.inc({ topic }, events.length);
  publishSeconds.observe(seconds);
  for (const { event_id, type, key, traceparent, correlation_id: requestId } of events) {
    const ids = { event_id, [`${type.split('.')[0]}_id`]: key };
    const origin = { trace_id: traceparent?.split('-')[1], request_id: requestId ?? undefined };
    log.debug({ ...origin, ...ids, topic, duration_ms: Math.round(seconds * 1_000) }, 'event published');
  }
}

/** Seconds since it was accepted; its line is written where it ends. */
export function orderEndPublished({ status, seconds }: { status: string; seconds: number }): void {
  endToEndSeconds.observe({ status }, seconds);
}

/** Of one type, or of all when none is named. */
export function publishFailed(
  log: Logger,
  { error, retryMs, type }: { error: unknown; retryMs: number; type?: string },
): void {
  log.warn({ err: error, retry_ms: retryMs, type }, 'events not published, rows stay in the outbox');
}

/** Told when they change: relays that come and go share them out anew. */
export function partitionsShared(
  log: Logger,
  { partitions, relays }: { partitions: readonly number[]; relays: number },
): void {
  partitionsOwned.set(partitions.length);
  log.info({ partitions, relays }, 'outbox partitions shared out');
}

export function outboxMeasured({ unsent, oldestSeconds }: { unsent: number; oldestSeconds: number }): void {
  outboxUnsent.set(unsent);
  outboxAge.set(oldestSeconds);
}

/** It says nothing then: an old age would hold an alert that is over. */
export function outboxNotMeasured(log: Logger, error: unknown): void {
  outboxUnsent.remove();
  outboxAge.remove();
  log.warn({ err: error }, 'outbox not measured, its figures are left out');
}

const outcomes = ['started', 'duplicate', 'done', 'retry', 'dead_letter', 'skipped'];
const letterClasses = ['parse', 'schema', 'invalid', 'poison', 'exhausted'];

// Where a record was read first is said by its headers when it comes back, and a stranger may name any topic.
const topicsRead = new Set<string>();
const labelOf = (topic: string): string => (topicsRead.has(topic) ? topic : 'other');
beginAtZero(deadLetters, { topic: ['other'], class: letterClasses });

/** A group begins to take records of these topics. */
export function consumingBegins({ group, topics }: { group: string; topics: readonly string[] }): void {
  for (const topic of topics) topicsRead.add(topic);
  beginAtZero(consumed, { topic: topics, outcome: outcomes });
  beginAtZero(deadLetters, { topic: topics, class: letterClasses });
  beginAtZero(groupJoins, { group: [group] });
  beginAtZero(consumersLost, { group: [group] });
}

export function runStarted(
  log: Logger,
  fact: {
    subject: string;
    id: string;
    eventId: string | undefined;
    topic: string;
    isNew: boolean;
  },
): void {
  const { subject, id, eventId, topic, isNew } = fact;
  consumed.inc({ topic, outcome: isNew ? 'started' : 'duplicate' });
  log.info({ [`${subject}_id`]: id, event_id: eventId, duplicate: !isNew }, 'workflow started');
}

/** Its effect, whatever it is, is durable; a line is written by who had it. */
export function recordHandled(topic: string): void {
  consumed.inc({ topic: labelOf(topic), outcome: 'done' });
}

/** Where a record was read first, and what it is about as far as it says so: `id` is that of a `subject`. */
interface AboutRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly eventId: string | undefined;
  readonly subject: string | undefined;
  readonly id: string | undefined;
}

function recordFields({ topic, partition, offset, eventId, subject, id }: AboutRecord) {
  const about = subject === undefined ? {} : { [`${subject}_id`]: id };
  return { topic, partition, offset, event_id: eventId, ...about };
}

export interface SetAside extends AboutRecord {
  readonly class: string;
  readonly reason: string;
}

export function recordSetAside(log: Logger, record: SetAside): void {
  const topic = labelOf(record.topic);
  consumed.inc({ topic, outcome: 'dead_letter' });
  deadLetters.inc({ topic, class: record.class });
  const { class: letterClass, reason } = record;
  log.warn({ ...recordFields(record), class: letterClass, reason }, 'record set aside');
}

export interface PutOff extends AboutRecord {
  /** That failed so far; 0 of a record that only waits behind another of its key. */
  readonly attempts: number;
  readonly reason: string;
}

export function recordPutOff(log: Logger, record: PutOff): void {
  consumed.inc({ topic: labelOf(record.topic), outcome: 'retry' });
  const { attempts, reason } = record;
  log.warn({ ...recordFields(record), attempts, reason }, 'record put off');
}

/** Meant for another group. */
export function recordSkipped(topic: string): void {
  consumed.inc({ topic, outcome: 'skipped' });
}

export function recordsWaiting({ group, count }: { group: string; count: number }): void {
  waitingRecords.set({ group }, count);
}

export function groupJoined(log: Logger, group: string): void {
  groupJoins.inc({ group });
  log.info({ group }, 'consumer group joined');
}

/** The client's consumer is gone; a new one takes its place. */
export function consumerLost(log: Logger, fact: { group: string; error: unknown; retryMs: number }): void {
  const { group, error, retryMs } = fact;
  consumersLost.inc({ group });
  log.warn({ group, err: error, retry_ms: retryMs }, 'consumer lost, another is made');
}

/** With the first record that waits, where it is one's. */
export function dependencyDown(
  log: Logger,
  fact: {
    group: string;
    topic?: string;
    partition?: number;
    offset?: string;
    error: unknown;
    retryMs: number;
  },
): void {
  const { error, retryMs, ...where } = fact;
  log.warn({ ...where, err: error, retry_ms: retryMs }, 'dependency down, partition waits');
}

export function schemaTakenFromStore(log: Logger, { error }: { error: unknown }): void {
  schemasFromStore.inc();
  log.warn({ err: error }, 'schema registry does not answer, the kept schema is used');
}
