import { setTimeout } from 'node:timers/promises';
import { context } from '@opentelemetry/api';
import { consumerLost, consumingBegins, dependencyDown, groupJoined } from '../facts-events.ts';
import { beginAnew } from '../platform/begin-anew.ts';
import type { EachBatchPayload, KafkaClient, KafkaMessage } from '../platform/kafka.ts';
import type { Pool } from '../store/pool.ts';
import { type AttemptDeps, type Attempted, type Attempts, createAttempts } from './attempt.ts';
import { openCopies } from './copies.ts';
import { contextOf } from './envelope.ts';
import { joinGroup, type Membership } from './membership.ts';
import { createRetries, type RetrySettings } from './retries.ts';
import { startRetrying } from './retrying.ts';

export interface Consumption
  extends Pick<AttemptDeps, 'group' | 'subject' | 'deadLetterTopic' | 'handle' | 'log'> {
  readonly kafka: KafkaClient;
  /** All members of a group name the same topics: the group's leader assigns only those it knows. */
  readonly topics: readonly string[];
  /** Records handled at once, of one key never more than one. */
  readonly concurrency: number;
  /** For records that fail for a reason of their own; without it that counts as an outage. */
  readonly retry?: RetrySettings & { readonly pool: Pool; readonly topic: string };
  /** Called when partitions have been assigned, before anything is fetched from them. */
  readonly onAssigned?: () => void;
  /** True while no more should be taken on. */
  readonly isBehind: () => Promise<boolean>;
}

export interface RunningConsumer extends AsyncDisposable {
  readonly group: string;
  /** Rejects when the consumer has neither fetched nor kept its membership for a minute, whatever else still answers. */
  readonly check: () => Promise<void>;
  /** What waits may be due. */
  readonly retryNow: () => void;
}

const firstPauseMs = 250;
const longestPauseMs = 5_000;
const behindPauseMs = 20;
const soundAfterMs = 10_000;
const longestSilenceMs = 60_000;

/** Consumes until disposed. An offset is committed only after its record's effect, its retry or its dead letter is durable. */
export async function startConsumer(consumption: Consumption): Promise<RunningConsumer> {
  const { kafka, group, topics, retry, log } = consumption;
  consumingBegins({ group, topics });
  await using starting = new AsyncDisposableStack();
  const copies = starting.use(await openCopies(kafka));
  const retries = retry && createRetries({ ...retry, group, copies, settings: retry });
  const maxAttempts = retry?.maxAttempts ?? 1;
  const attempts = createAttempts({ ...consumption, copies, retries, maxAttempts });
  const progress = watchProgress();
  const join = () =>
    joinGroup({
      ...consumption,
      eachBatch: (payload) => consumeBatch(consumption, attempts, payload),
      onJoined: () => {
        groupJoined(log, group);
        retries?.forget();
        consumption.onAssigned?.();
      },
      onProgress: progress.seen,
    });
  const retrying =
    retry &&
    retries &&
    starting.use(startRetrying({ ...retry, group, retries, attempts, settings: retry, log }));
  starting.use(keepMembership(await join(), join, consumption));
  const running = starting.move();
  return {
    group,
    check: progress.check,
    retryNow: () => retrying?.wake(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A process must not live on consuming nothing: what kafkajs gave up is made anew, as often as it takes. */
function keepMembership(
  first: Membership,
  join: () => Promise<Membership>,
  { group, log }: Consumption,
): AsyncDisposable {
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
  let given: Membership | undefined = first;
  const running = beginAnew({
    stop: stop.signal,
    longestPauseMs,
    work: async (onSuccess) => {
      await using membership = given ?? (await join());
      given = undefined;
      const sound = globalThis.setTimeout(onSuccess, soundAfterMs);
      await Promise.race([membership.lost, stopped]).finally(() => clearTimeout(sound));
    },
    onFailure: (error, retryMs) => consumerLost(log, { group, error, retryMs }),
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

async function consumeBatch(
  consumption: Consumption,
  attempts: Attempts,
  payload: EachBatchPayload,
): Promise<void> {
  const { batch, resolveOffset, commitOffsetsIfNecessary, heartbeat, isRunning } = payload;
  const { messages } = batch;
  for (let at = 0; at < messages.length && isRunning(); at += consumption.concurrency) {
    const window = messages.slice(at, at + consumption.concurrency);
    while ((await consumption.isBehind()) && isRunning()) await pause(behindPauseMs, heartbeat);
    await heartbeat();
    if (!(await settle(consumption, attempts, payload, window))) return;
    for (const { offset } of window.slice(-1)) resolveOffset(offset);
    await heartbeat();
    await commitOffsetsIfNecessary();
  }
}

/**
 * Repeats what met an outage until all of the window is durable; false when the consumer is to stop first.
 * The member stays in its group: each round has its own deadline, and only a finished round sends a heartbeat.
 */
async function settle(
  { group, log }: Consumption,
  attempts: Attempts,
  { batch, heartbeat, isRunning }: EachBatchPayload,
  window: readonly KafkaMessage[],
): Promise<boolean> {
  let waiting = window;
  for (let retryMs = firstPauseMs; isRunning(); retryMs = Math.min(retryMs * 2, longestPauseMs)) {
    const attempted = await inOrderOfKeys(waiting, (message) => attempts.first({ message, ...batch }));
    // A round may take 10 s and the pause 5 s: together a member's whole session.
    await heartbeat();
    waiting = waiting.filter((message) => attempted.get(message)?.end === 'outage');
    const [first] = waiting;
    if (first === undefined) return true;
    const outage = attempted.get(first);
    const error = outage?.end === 'outage' ? outage.error : undefined;
    const { topic, partition } = batch;
    context.with(contextOf(first), () =>
      dependencyDown(log, { group, topic, partition, offset: first.offset, error, retryMs }),
    );
    await pause(retryMs, heartbeat);
  }
  return false;
}

/** All at once, but a key's records one after the other; what comes behind an outage of its key meets the same. */
async function inOrderOfKeys(
  messages: readonly KafkaMessage[],
  attempt: (message: KafkaMessage) => Promise<Attempted>,
): Promise<ReadonlyMap<KafkaMessage, Attempted>> {
  const attempted = new Map<KafkaMessage, Attempted>();
  // One that has no key waits for none.
  const lanes = Map.groupBy(messages, ({ key, offset }) => key?.toString('latin1') ?? Number(offset));
  await Promise.all(
    Array.from(lanes.values(), async (lane) => {
      let last: Attempted | undefined;
      for (const message of lane) {
        last = last?.end === 'outage' ? last : await attempt(message);
        attempted.set(message, last);
      }
    }),
  );
  return attempted;
}

async function pause(ms: number, heartbeat: () => Promise<void>): Promise<void> {
  await setTimeout(ms);
  await heartbeat();
}

function watchProgress() {
  let seenAt = performance.now();
  return {
    seen: (): void => {
      seenAt = performance.now();
    },
    check: async () => {
      const silentMs = performance.now() - seenAt;
      if (silentMs > longestSilenceMs)
        throw new Error(`no fetch and no heartbeat for ${Math.round(silentMs / 1_000)} s`);
    },
  };
}
