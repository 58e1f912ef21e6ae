import { setTimeout } from 'node:timers/promises';
import {
  outboxMeasured,
  outboxNotMeasured,
  partitionsShared,
  publishFailed,
  publishingBegins,
} from '../facts-events.ts';
import { statusAnnounced } from '../order/events.ts';
import { beginAnew } from '../platform/begin-anew.ts';
import { createBell } from '../platform/bell.ts';
import type { KafkaClient, Producer } from '../platform/kafka.ts';
import { repeat } from '../platform/repeat.ts';
import { claimBatch, type OutboxRow, readBacklog } from '../store/outbox.ts';
import { createOutboxFloor, type OutboxFloor } from '../store/outbox-floor.ts';
import { openRelaySession, type RelaySession } from '../store/relay-session.ts';
import { type Publishing, publish } from './outbox-publish.ts';
import { createPauses } from './pauses.ts';

export interface RelayDeps extends Omit<Publishing, 'pauses'> {
  readonly databaseUrl: string;
  readonly kafka: KafkaClient;
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
  publishingBegins({ topics: Object.values(deps.topics), statuses: [...statusAnnounced.values()] });
  const producer = deps.kafka.producer();
  await producer.connect();
  const stop = new AbortController();
  // They outlive a session: without a broker each would try every type at once.
  const publishing = { ...deps, pauses: createPauses(longestPauseMs) };
  // Every fault but a type's own ends the session with its locks; the next one starts from what the table holds.
  const running = beginAnew({
    stop: stop.signal,
    longestPauseMs,
    work: (onSuccess) => relaySession(publishing, producer, stop.signal, onSuccess),
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
  deps: RelayDeps & Publishing,
  producer: Producer,
  stop: AbortSignal,
  onSuccess: () => void,
): Promise<void> {
  const { pool, pauses } = deps;
  const bell = createBell();
  const on = { onWake: bell.ring, onLost: bell.ring };
  const floor = createOutboxFloor(pool);
  await using _measuring = repeat(pollMs, () => measure(deps, floor));
  await using session = await openRelaySession(deps.databaseUrl, on);
  const partitions = freshPartitions(deps, session);
  const types = Object.keys(deps.topics);
  let sent = raiseEvery;
  let raisedAt = Number.NEGATIVE_INFINITY;
  using _listening = listenFor(stop, bell.ring);
  while (!stop.aborted) {
    if (sent >= raiseEvery) {
      await floor.raise();
      sent = 0;
      raisedAt = performance.now();
    }
    const owned = await partitions();
    const wish = { partitions: owned, types, paused: pauses.now(), maxRows, maxBytes, from: floor.id() };
    const batch = await claimBatch(pool, wish);
    // Without the locks another relay owns these rows: nothing may be sent any more.
    session.assertAlive();
    const gone = batch.length > 0 ? await publish(deps, producer, batch) : 0;
    sent += gone;
    if (gone > 0 || !pauses.isAny()) onSuccess();
    // Nothing to send may be rows below a floor of ids that have begun anew.
    if (batch.length === 0 && performance.now() - raisedAt >= pollMs) sent = raiseEvery;
    // Whatever was committed after the claim rings the bell: to ask again at once would find nothing.
    if (gone === batch.length && !leavesMore(batch)) await bell.heard(Math.min(pollMs, pauses.endsInMs()));
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
function freshPartitions({ log }: RelayDeps, session: RelaySession): () => Promise<readonly number[]> {
  let owned: readonly number[] = [];
  let askedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - askedAt < pollMs) return owned;
    const { own, relays } = await session.sharePartitions();
    if (String(own) !== String(owned)) partitionsShared(log, { partitions: own, relays });
    owned = own;
    askedAt = performance.now();
    return owned;
  };
}

/** Beside the sending: a table that is slow to be counted, or cannot be, delays nothing. */
async function measure({ pool, log }: RelayDeps, floor: OutboxFloor): Promise<void> {
  try {
    const { unsent, oldest_seconds } = await readBacklog(pool, measureUpTo, floor.id());
    outboxMeasured({ unsent, oldestSeconds: oldest_seconds });
  } catch (error) {
    outboxNotMeasured(log, error);
  }
}
