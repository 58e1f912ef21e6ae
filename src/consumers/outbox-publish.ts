import { madeAt } from '../core/id.ts';
import { eventsPublished, orderEndPublished, publishFailed } from '../facts-events.ts';
import { statusAnnounced } from '../order/events.ts';
import { isAnswered, type Producer } from '../platform/kafka.ts';
import type { Logger } from '../platform/logger.ts';
import { deleteSent, type OutboxRow } from '../store/outbox.ts';
import type { Pool } from '../store/pool.ts';
import { toRecord } from './envelope.ts';
import { type Encoding, type Encodings, jsonEncoding } from './formats/encoding.ts';
import type { Pauses } from './pauses.ts';
import { startPublishing } from './publish-spans.ts';

export interface Publishing {
  readonly pool: Pool;
  readonly topics: Readonly<Record<string, string>>;
  /** JSON unless told. */
  readonly encodings?: Encodings | undefined;
  readonly log: Logger;
  /** Of types that could not be sent. */
  readonly pauses: Pauses;
}

interface Addressed {
  readonly row: OutboxRow;
  readonly topic: string;
  readonly record: ReturnType<typeof toRecord>;
}

/**
 * Each topic for itself: what one acknowledged is done, whatever became of the others, and a type that failed gets its pause.
 * Returns how many rows are gone. Rejects when no broker answers: another relay may be nearer to one.
 */
export async function publish(
  deps: Publishing,
  producer: Producer,
  batch: readonly OutboxRow[],
): Promise<number> {
  const { ready, faults } = await address(deps, batch);
  const sends = await Promise.all(
    Array.from(
      Map.groupBy(ready, ({ topic }) => topic),
      ([topic, of]) => sendTo(producer, topic, of),
    ),
  );
  const sent = sends.flatMap((send) => ('error' in send ? [] : [send]));
  const rows = sent.flatMap(({ of }) => of.map(({ row }) => row));
  await deleteSent(deps.pool, rows);
  for (const { topic, of, seconds, at } of sent) {
    eventsPublished(deps.log, { topic, events: of.map(({ row }) => row), seconds });
    for (const { row } of of) tellEnd(row, at);
  }
  for (const send of sends)
    if ('error' in send) for (const { row } of send.of) faults.set(row.type, send.error);
  for (const { type } of rows) if (!faults.has(type)) deps.pauses.succeeded(type);
  const paused = Array.from(faults, ([type, error]) => ({ type, error, retryMs: deps.pauses.failed(type) }));
  const unanswered = sends.find((send) => 'error' in send && !isAnswered(send.error));
  if (sent.length === 0 && unanswered !== undefined && 'error' in unanswered) throw unanswered.error;
  for (const fault of paused) publishFailed(deps.log, fault);
  return rows.length;
}

async function sendTo(producer: Producer, topic: string, of: readonly Addressed[]) {
  const started = performance.now();
  const spans = startPublishing(topic, of);
  try {
    const messages = of.map(({ row, record }) => spans.carriedBy(row, record));
    await producer.send({ topic, messages, acks: -1, timeout: 10_000 });
    spans.end();
    return { topic, of, seconds: (performance.now() - started) / 1_000, at: Date.now() };
  } catch (error) {
    spans.end(error);
    return { topic, of, error };
  }
}

/** An order's id is made when it is accepted, and says when that was; the clocks may be two machines'. */
function tellEnd({ type, key }: OutboxRow, at: number): void {
  const status = statusAnnounced.get(type);
  const acceptedAt = madeAt(key);
  if (status === undefined || acceptedAt === undefined) return;
  orderEndPublished({ status, seconds: Math.max(0, at - acceptedAt) / 1_000 });
}

// No topic's name.
const nowhere = '';

/**
 * The rows that may go now. Topics are sent to side by side, so those of one key go to one topic at a time, and none goes
 * past one that does not fit its schema, or whose schema the registry does not give: a fault of its type.
 */
async function address({ topics, encodings = jsonEncoding }: Publishing, batch: readonly OutboxRow[]) {
  const ready: Addressed[] = [];
  const faults = new Map<string, unknown>();
  const known = new Map<string, Encoding>();
  const wayOf = new Map<string, string>();
  for (const row of batch) {
    const topic = topicOf(topics, row.type);
    const way = wayOf.get(row.key) ?? topic;
    const isOpen = way === topic && !faults.has(row.type);
    wayOf.set(row.key, isOpen ? topic : nowhere);
    if (!isOpen) continue;
    try {
      const encoding = known.get(row.type) ?? (await encodings(row.type, topic));
      known.set(row.type, encoding);
      ready.push({ row, topic, record: toRecord(row, encoding) });
    } catch (error) {
      faults.set(row.type, error);
      wayOf.set(row.key, nowhere);
    }
  }
  return { ready, faults };
}

function topicOf(topics: Readonly<Record<string, string>>, type: string): string {
  const topic = topics[type];
  // Only rows of the types in `topics` are claimed.
  if (topic === undefined) throw new Error(`No topic is configured for ${type}.`);
  return topic;
}
