import { setTimeout } from 'node:timers/promises';
import { eventsPublished, outboxMeasured, publishFailed } from '../facts.ts';
import type { OrderEventType } from '../order/events.ts';
import type { KafkaClient, Producer } from '../platform/kafka.ts';
import type { Logger } from '../platform/logger.ts';
import { claimBatch, deleteSent, type OutboxRow, readBacklog } from '../store/outbox.ts';
import type { Pool } from '../store/pool.ts';
import { openRelaySession, type RelaySession } from '../store/relay-session.ts';
import { createBell } from './bell.ts';
import { toRecord } from './envelope.ts';

export interface RelayDeps {
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly kafka: KafkaClient;
  readonly topics: Readonly<Record<OrderEventType, string>>;
  readonly log: Logger;
}

// Some 500 rows of ½ KB are a quarter of Kafka's default request limit and a few milliseconds of work.
const batchSize = 500;
// Notifications are hints: this is how late a row may be noticed without one, and a dead relay's partitions taken over.
const pollMs = 1_000;
const longestPauseMs = 10_000;
const measureUpTo = 100_000;
// The design's limit for a publish; kafkajs looks for a lost broker four times as long, beyond the 30 s of a drain.
const lastSendMs = 10_000;

/** Sends the outbox's rows until disposed: select, send, delete by id, with no transaction open during a send. */
export async function startRelay(deps: RelayDeps): Promise<AsyncDisposable> {
  const producer = deps.kafka.producer();
  await producer.connect();
  const stop = new AbortController();
  const running = keepRelaying(deps, producer, stop.signal);
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

/** Every fault ends the session with its locks; the next one starts from what the table holds. */
async function keepRelaying(deps: RelayDeps, producer: Producer, stop: AbortSignal): Promise<void> {
  let pauseMs = 100;
  while (!stop.aborted) {
    try {
      await relaySession(deps, producer, stop, () => {
        pauseMs = 100;
      });
    } catch (error) {
      publishFailed(deps.log, { error, retryMs: pauseMs });
      await setTimeout(pauseMs, undefined, { signal: stop }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }
}

async function relaySession(
  deps: RelayDeps,
  producer: Producer,
  stop: AbortSignal,
  onSuccess: () => void,
): Promise<void> {
  const bell = createBell();
  const lost = new AbortController();
  await using session = await openRelaySession(deps.databaseUrl, {
    onWake: bell.ring,
    onLost: (error) => {
      lost.abort(error);
      bell.ring();
    },
  });
  stop.addEventListener('abort', bell.ring, { once: true });
  const partitions = freshPartitions(deps, session);
  while (!stop.aborted) {
    const batch = await claimBatch(deps.pool, { partitions: await partitions(), limit: batchSize });
    // Without the locks another relay owns these rows: nothing may be sent any more.
    lost.signal.throwIfAborted();
    if (batch.length > 0) await publish(deps, producer, batch);
    onSuccess();
    if (batch.length < batchSize) await bell.heard(pollMs);
  }
}

/** The partitions this relay owns, asked for again once a poll: another relay may have died. */
function freshPartitions({ pool }: RelayDeps, session: RelaySession): () => Promise<readonly number[]> {
  let owned: readonly number[] = [];
  let askedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - askedAt < pollMs) return owned;
    owned = await session.claimPartitions();
    const { unsent, oldest_seconds } = await readBacklog(pool, measureUpTo);
    outboxMeasured({ unsent, oldestSeconds: oldest_seconds });
    askedAt = performance.now();
    return owned;
  };
}

async function publish(
  { pool, topics, log }: RelayDeps,
  producer: Producer,
  batch: readonly OutboxRow[],
): Promise<void> {
  const started = performance.now();
  const byTopic = Map.groupBy(batch, ({ type }) => topicOf(topics, type));
  await producer.sendBatch({
    acks: -1,
    timeout: 10_000,
    topicMessages: Array.from(byTopic, ([topic, rows]) => ({ topic, messages: rows.map(toRecord) })),
  });
  const seconds = (performance.now() - started) / 1_000;
  await deleteSent(pool, batch);
  eventsPublished(log, { topics: batch.map(({ type }) => topicOf(topics, type)), seconds });
}

function topicOf(topics: Readonly<Record<string, string>>, type: string): string {
  const topic = topics[type];
  if (topic === undefined)
    throw new Error(
      `No topic is configured for ${type}; run the relay in the version that writes this event.`,
    );
  return topic;
}
