import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { startConsumer } from '../consumers/consume.ts';
import { letterKept, letterRefused, lettersNotRead } from '../facts-dead-letters.ts';
import { recordHandled } from '../facts-events.ts';
import { beginAnew } from '../platform/begin-anew.ts';
import type { KafkaClient } from '../platform/kafka.ts';
import type { Logger } from '../platform/logger.ts';
import { coalesce } from '../store/coalesce.ts';
import { keepLetters, type NewLetter } from '../store/dead-letters.ts';
import { isRefused, type Pool, StoreUnavailableError } from '../store/pool.ts';
import { letterOf } from './letter-of.ts';

export interface IndexerDeps {
  readonly pool: Pool;
  readonly kafka: KafkaClient;
  readonly group: string;
  /** Where dead letters lie. */
  readonly topics: readonly [string, ...string[]];
  readonly log: Logger;
}

const mostTogether = 100;
// Two of the largest letters: a batch stays well within the time of one statement.
const mostBytesTogether = 12_582_912;
const patienceMs = 10_000;
const longestPauseMs = 10_000;
// kafkajs looks longer for a broker that is away than a drain may take.
const lastWaitMs = 10_000;

/** Keeps a copy of every dead letter in Postgres until disposed; it begins anew for as long as Kafka cannot be reached. */
export function startLetterIndexer(deps: IndexerDeps): AsyncDisposable {
  const stop = new AbortController();
  const running = beginAnew({
    stop: stop.signal,
    longestPauseMs,
    work: (onSuccess) => index(deps, stop.signal, onSuccess),
    onFailure: (error, retryMs) => {
      if (!stop.signal.aborted) lettersNotRead(deps.log, { error, retryMs });
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      const patience = new AbortController();
      const waited = setTimeout(lastWaitMs, undefined, { signal: patience.signal }).catch(() => {});
      await Promise.race([running, waited]);
      patience.abort();
    },
  };
}

async function index(
  { pool, kafka, group, topics, log }: IndexerDeps,
  stop: AbortSignal,
  onSuccess: () => void,
): Promise<void> {
  const keep = keeping(pool);
  await using _consumer = await startConsumer({
    kafka,
    group,
    topics,
    // No record is at fault here: whatever it is, it is kept.
    deadLetterTopic: topics[0],
    concurrency: mostTogether,
    log,
    isBehind: async () => false,
    handle: async (message, position) => {
      const letter = letterOf(message, position);
      try {
        if (await keep(letter)) letterKept(log, letter);
      } catch (error) {
        if (!isRefused(error)) throw error;
        // What no rule foresaw must not hold up all that come after it.
        letterRefused(log, { id: letter.id, error });
      }
      recordHandled(position.topic);
    },
  });
  onSuccess();
  if (!stop.aborted) await once(stop, 'abort');
}

/** True for a letter that was not known, or has come back. */
function keeping(pool: Pool): (letter: NewLetter) => Promise<boolean> {
  return coalesce(
    async (letters) => {
      const kept = await keepLetters(pool, letters);
      return letters.map(({ id }) => kept.has(id));
    },
    {
      atOnce: 1,
      maxItems: mostTogether,
      maxSize: mostBytesTogether,
      sizeOf: ({ key, value }) => (key?.length ?? 0) + (value?.length ?? 0),
      patienceMs,
      tooLate: () => new StoreUnavailableError(new Error(`no turn for it within ${patienceMs} ms`)),
      isEverybodys: (error) => error instanceof StoreUnavailableError,
    },
  );
}
