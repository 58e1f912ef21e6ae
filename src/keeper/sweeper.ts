import { keysSwept, sweepFailed } from '../facts.ts';
import type { Logger } from '../platform/logger.ts';
import { repeat } from '../platform/repeat.ts';
import { sweepKeys } from '../store/idempotency.ts';
import type { Pool } from '../store/pool.ts';

export interface SweeperDeps {
  readonly pool: Pool;
  readonly log: Logger;
  readonly everyMs: number;
}

// Some 10 ms of Postgres: a sweep of many never keeps a request waiting for long.
const atOnce = 1_000;

/** Forgets idempotency keys whose time is over until disposed; any number of sweepers may run together. */
export function startSweeper({ pool, log, everyMs }: SweeperDeps): AsyncDisposable {
  return repeat(everyMs, async (stop) => {
    try {
      for (let swept = atOnce; swept === atOnce && !stop.aborted; ) {
        swept = await sweepKeys(pool, atOnce);
        if (swept > 0) keysSwept(log, swept);
      }
    } catch (error) {
      sweepFailed(log, { error, retryMs: everyMs });
    }
  });
}
