import { limitsNotShared } from '../facts.ts';
import type { Logger } from '../platform/logger.ts';
import { repeat } from '../platform/repeat.ts';
import type { Pool } from '../store/pool.ts';
import { shareRequests } from '../store/rate-limits.ts';
import { createBuckets, type RateLimit, type Turn } from './buckets.ts';

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
export function startRateLimiter({ limit, pool, log }: RateLimiterDeps): RateLimiter {
  const buckets = createBuckets(limit);
  let began = performance.now();
  let isShared = true;
  const share = async (): Promise<void> => {
    const requests = buckets.count();
    const seconds = (performance.now() - began) / 1_000;
    began = performance.now();
    if (requests.size === 0) return;
    const report = { requests, seconds, perSecond: limit.perSecond };
    try {
      // A report that fails is not sent later: after an outage of minutes it would lock its callers out for minutes.
      for (const { caller, seconds_to_full } of await shareRequests(pool, report))
        buckets.learn(caller, seconds_to_full);
      isShared = true;
    } catch (error) {
      if (isShared) limitsNotShared(log, error);
      isShared = false;
    }
  };
  const sharing = repeat(shareEveryMs, share);
  return {
    limit,
    take: buckets.take,
    async [Symbol.asyncDispose]() {
      await sharing[Symbol.asyncDispose]();
      // What was taken since: the other processes go on.
      await share();
    },
  };
}
