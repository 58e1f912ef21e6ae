import { setTimeout } from 'node:timers/promises';
import { eventsPublished, outboxMeasured, partitionsShared, publishFailed } from '../facts-events.ts';
import { beginAnew } from '../platform/begin-anew.ts';
import { createBell } from '../platform/bell.ts';
import type { KafkaClient, Producer } from '../platform/kafka.ts';
import type { Logger } from '../platform/logger.ts';
import { claimBatch, deleteSent, type OutboxRow, readBacklog } from '../store/outbox.ts';
import { createOutboxFloor } from '../store/outbox-floor.ts';
import type { Pool } from '../store/pool.ts';
import { openRelaySession, type RelaySession } from '../store/relay-session.ts';
import { toRecord } from './envelope.ts';
import { type Encoding, type Encodings, jsonEncoding } from './formats/encoding.ts';

export interface RelayDeps {
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly kafka: KafkaClient;
  readonly topics: Readonly<Record<string, string>>;
  /** JSON unless told. */
  readonly encodings?: Encodings | undefined;
  readonly log: Logger;
}

// What one topic-partition takes of a send is one record batch, and a topic refuses batches above 3 MiB: rows are ½ KB
// as a rule, but may have 1 MB. With 1 MiB of bodies and one row more the batch stays below that with all its headers.
const maxRows = 500;
const maxBytes = 1_048_576;
// Rows sent between two looks for the outbox's floor: three statements among ten batches, and a claim passes few deleted rows.
const raiseEvery = 5_000;
// Notifications are hints: this is how late a row may be noticed without one, and relays that come or go.
const pollMs = 2_000;
const longestPauseMs = 10_000;
const measureUpTo = 100_000;
// The design's limit for a publish; kafkajs looks for a lost broker four times as long, beyond the 30 s of a drain.
const lastSendMs = 10_000;

/** Sends the outbox's rows until disposed: select, send, delete by id, with no transaction open during a send. */
export async function startRelay(deps: RelayDeps): Promise<AsyncDisposable> {
  const producer = deps.kafka.producer();
  await producer.connect();
  const stop = new AbortController();
  // Every fault ends the session with its locks; the next one starts from what the table holds.
  const running = beginAnew({
    stop: stop.signal,
    longestPauseMs,
    work: (onSuccess) => relaySession(deps, producer, stop.signal, onSuccess),
    onFailure: (error, retryMs) => publishFailed(deps.log, { error, retryMs }),
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      const patience = new AbortController();
      await Promise.race([running, setTimeout(lastSendMs, undefined, { signal: patience.signal })]);
      patience.abort();
      await producer.disconnect();
    },
  };
}

async function relaySession(
  deps: RelayDeps,
  producer: Producer,
  stop: AbortSignal,
  onSuccess: () => void,
): Promise<void> {
  const bell = createBell();
  const on = { onWake: bell.ring, onLost: bell.ring };
  await using session = await openRelaySession(deps.databaseUrl, on);
  const partitions = freshPartitions(deps, session);
  const types = Object.keys(deps.topics);
  const floor = createOutboxFloor(deps.pool);
  let sent = raiseEvery;
  using _listening = listenFor(stop, bell.ring);
  while (!stop.aborted) {
    if (sent >= raiseEvery) {
      await floor.raise();
      sent = 0;
    }
    const wish = { partitions: await partitions(), types, maxRows, maxBytes, from: floor.id() };
    const batch = await claimBatch(deps.pool, wish);
    // Without the locks another relay owns these rows: nothing may be sent any more.
    session.assertAlive();
    if (batch.length > 0) await publish(deps, producer, batch);
    sent += batch.length;
    onSuccess();
    // Whatever was committed after the claim rings the bell: to ask again at once would find nothing.
    if (!leavesMore(batch)) await bell.heard(pollMs);
  }
}

function leavesMore(batch: readonly OutboxRow[]): boolean {
  const bytes = batch.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
  return batch.length === maxRows || bytes >= maxBytes;
}

function listenFor(stop: AbortSignal, ring: () => void): Disposable {
  stop.addEventListener('abort', ring);
  return { [Symbol.dispose]: () => stop.removeEventListener('abort', ring) };
}

/** The partitions this relay owns, shared out anew once a poll, between two batches: another relay may have come or gone. */
function freshPartitions({ pool, log }: RelayDeps, session: RelaySession): () => Promise<readonly number[]> {
  let owned: readonly number[] = [];
  let askedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - askedAt < pollMs) return owned;
    const { own, relays } = await session.sharePartitions();
    if (String(own) !== String(owned)) partitionsShared(log, { partitions: own, relays });
    owned = own;
    const { unsent, oldest_seconds } = await readBacklog(pool, measureUpTo);
    outboxMeasured({ unsent, oldestSeconds: oldest_seconds });
    askedAt = performance.now();
    return owned;
  };
}

/** Each topic for itself: what one acknowledged is done, whatever became of the others. */
async function publish(
  { pool, topics, encodings = jsonEncoding, log }: RelayDeps,
  producer: Producer,
  batch: readonly OutboxRow[],
): Promise<void> {
  const byTopic = Map.groupBy(batch, ({ type }) => topicOf(topics, type));
  const sends = await Promise.allSettled(
    Array.from(byTopic, async ([topic, rows]) => {
      const messages = await recordsOf(encodings, topic, rows);
      const started = performance.now();
      await producer.send({ topic, messages, acks: -1, timeout: 10_000 });
      return { topic, rows, seconds: (performance.now() - started) / 1_000 };
    }),
  );
  const sent = sends.flatMap((send) => (send.status === 'fulfilled' ? [send.value] : []));
  await deleteSent(
    pool,
    sent.flatMap(({ rows }) => rows),
  );
  for (const { topic, rows, seconds } of sent) eventsPublished(log, { topic, count: rows.length, seconds });
  for (const send of sends) if (send.status === 'rejected') throw send.reason;
}

/** Rejects while the registry has to be asked for a schema's id and does not answer: the rows wait in the outbox. */
async function recordsOf(encodings: Encodings, topic: string, rows: readonly OutboxRow[]) {
  const known = new Map<string, Encoding>();
  const records = [];
  for (const row of rows) {
    const encoding = known.get(row.type) ?? (await encodings(row.type, topic));
    known.set(row.type, encoding);
    records.push(toRecord(row, encoding));
  }
  return records;
}

function topicOf(topics: Readonly<Record<string, string>>, type: string): string {
  const topic = topics[type];
  // Only rows of the types in `topics` are claimed.
  if (topic === undefined) throw new Error(`No topic is configured for ${type}.`);
  return topic;
}
