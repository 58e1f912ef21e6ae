import { randomUUID } from 'node:crypto';
import { breakerMoved, breakerNotShared, breakerWatched } from '../facts.ts';
import {
  type BreakerLimits,
  type CircuitBreaker,
  createCircuitBreaker,
  type SharedState,
} from '../payment/circuit-breaker.ts';
import { beginAnew, firstPauseMs } from '../platform/begin-anew.ts';
import { type Bell, createBell, ringAt } from '../platform/bell.ts';
import type { Logger } from '../platform/logger.ts';
import { type BreakerRow, findBreaker, listenToBreakers, saveBreaker } from '../store/circuit-breakers.ts';
import type { Pool } from '../store/pool.ts';

export interface SharedBreakerDeps {
  readonly name: string;
  readonly limits: BreakerLimits;
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly log: Logger;
}

export interface SharedBreaker extends AsyncDisposable {
  readonly breaker: CircuitBreaker;
}

// Announcements come at once; this is how late one is noticed whose connection died unseen.
const pollMs = 10_000;
const longestPauseMs = 2_000;

/**
 * A breaker of this process that tells the others what its calls prove, and follows what theirs do. All of that happens
 * beside the calls: while Postgres is away each process goes by its own.
 */
export function startSharedBreaker(deps: SharedBreakerDeps): SharedBreaker {
  const { name, limits, log } = deps;
  const bell = createBell();
  const news = { isWaiting: false };
  const id = randomUUID();
  breakerWatched(name);
  const breaker = createCircuitBreaker(limits, (transition) => {
    breakerMoved(log, { name, ...transition });
    if (!transition.isProof) return;
    news.isWaiting = true;
    bell.ring();
  });
  const stop = new AbortController();
  const state = { id, breaker, news, bell, stop: stop.signal, seen: 0 };
  const sharing = beginAnew({
    stop: stop.signal,
    longestPauseMs,
    work: (onSuccess) => share(deps, state, onSuccess),
    // Told once, until it is shared again.
    onFailure: (error, pauseMs) => {
      if (pauseMs === firstPauseMs) breakerNotShared(log, { name, error });
    },
  });
  return {
    breaker,
    async [Symbol.asyncDispose]() {
      stop.abort();
      bell.ring();
      await sharing;
    },
  };
}

interface Sharing {
  /** Of this process, among those that write. */
  readonly id: string;
  readonly breaker: CircuitBreaker;
  /** What the breaker is now, the others do not know yet. */
  readonly news: { isWaiting: boolean };
  readonly bell: Bell;
  readonly stop: AbortSignal;
  /** The version that was looked at last. */
  seen: number;
}

async function share(
  { name, pool, databaseUrl }: SharedBreakerDeps,
  sharing: Sharing,
  onSuccess: () => void,
): Promise<void> {
  const { id, breaker, news, bell, stop } = sharing;
  const { lost, on } = ringAt(bell);
  await using _session = await listenToBreakers(databaseUrl, on);
  while (!stop.aborted) {
    lost.throwIfAborted();
    // Before it is read: what is read then is never older than what this process knows.
    if (news.isWaiting) await tell(pool, name, sharing);
    const row = await findBreaker(pool, name);
    const isNew = row !== undefined && row.version !== sharing.seen;
    if (isNew && row.process !== id && !news.isWaiting) breaker.follow(sharedState(row));
    sharing.seen = row?.version ?? 0;
    onSuccess();
    await bell.heard(pollMs);
  }
}

async function tell(pool: Pool, name: string, { id, breaker, news }: Sharing): Promise<void> {
  news.isWaiting = false;
  try {
    await saveBreaker(pool, { name, process: id, failures: 0, openMs: 0, ...breaker.shared });
  } catch (error) {
    news.isWaiting = true;
    throw error;
  }
}

function sharedState({ state, open_ms, failures }: BreakerRow): SharedState {
  return state === 'closed' ? { state } : { state, openMs: open_ms, failures };
}
