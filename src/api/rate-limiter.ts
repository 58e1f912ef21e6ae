import { setTimeout } from 'node:timers/promises';
import { limitsNotShared } from '../facts.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../store/pool.ts';
import { shareRequests } from '../store/rate-limits.ts';
import { type Buckets, createBuckets, type RateLimit, type Turn } from './buckets.ts';

export interface RateLimiter extends AsyncDisposable {
  readonly limit: RateLimit;
  take(caller: string): Turn;
}

interface RateLimiterDeps {
  readonly limit: RateLimit;
  readonly pool: Pool;
  readonly log: Logger;
}

const shareEveryMs = 1_000;

/**
 * A bucket for each caller in this process's memory, so that a request waits for nothing. What was taken is shared with the
 * other processes through Postgres afterwards; while that fails, each process keeps the limit for itself.
 */
export function startRateLimiter(deps: RateLimiterDeps): RateLimiter {
  const buckets = createBuckets(deps.limit);
  const stop = new AbortController();
  const sharing = keepSharing(deps, buckets, stop.signal);
  return {
    limit: deps.limit,
    take: buckets.take,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await sharing;
    },
  };
}

async function keepSharing(
  { limit: { perSecond }, pool, log }: RateLimiterDeps,
  buckets: Buckets,
  stop: AbortSignal,
): Promise<void> {
  let began = performance.now();
  let isShared = true;
  while (!stop.aborted) {
    await setTimeout(shareEveryMs, undefined, { signal: stop }).catch(() => {});
    const requests = buckets.count();
    const seconds = (performance.now() - began) / 1_000;
    began = performance.now();
    if (requests.size === 0) continue;
    try {
      // A report that fails is not sent later: after an outage of minutes it would lock its callers out for minutes.
      for (const { caller, seconds_to_full } of await shareRequests(pool, { requests, seconds, perSecond }))
        buckets.learn(caller, seconds_to_full);
      isShared = true;
    } catch (error) {
      if (isShared) limitsNotShared(log, error);
      isShared = false;
    }
  }
}
