import { letterSweepFailed, lettersSwept } from '../facts-dead-letters.ts';
import type { Logger } from '../platform/logger.ts';
import { repeat } from '../platform/repeat.ts';
import { sweepLetters } from '../store/dead-letters.ts';
import type { Pool } from '../store/pool.ts';

export interface LetterSweeperDeps {
  readonly pool: Pool;
  readonly log: Logger;
}

// As long as their topics keep them.
const ms = 30 * 24 * 3_600_000;
const everyMs = 600_000;
const limit = 500;

/** Forgets dead letters when their topics do, until disposed; any number of sweepers may run together. */
export function startLetterSweeper({ pool, log }: LetterSweeperDeps): AsyncDisposable {
  return repeat(everyMs, async (stop) => {
    try {
      for (let swept = limit; swept === limit && !stop.aborted; ) {
        swept = await sweepLetters(pool, { ms, limit });
        if (swept > 0) lettersSwept(log, swept);
      }
    } catch (error) {
      letterSweepFailed(log, { error, retryMs: everyMs });
    }
  });
}
