import { recordsKeptMs } from '../core/retention.ts';
import { letterSweepFailed, lettersSwept } from '../facts-dead-letters.ts';
import type { Logger } from '../platform/logger.ts';
import { repeat } from '../platform/repeat.ts';
import { sweepLetters } from '../store/dead-letters.ts';
import type { Pool } from '../store/pool.ts';
import { sweepAll } from './sweeper.ts';

export interface LetterSweeperDeps {
  readonly pool: Pool;
  readonly log: Logger;
}

const everyMs = 600_000;
const atOnce = 500;

/** Forgets dead letters when their topics do, until disposed; any number of sweepers may run together. */
export function startLetterSweeper({ pool, log }: LetterSweeperDeps): AsyncDisposable {
  return repeat(everyMs, async (stop) => {
    try {
      await sweepAll(
        stop,
        atOnce,
        (limit) => sweepLetters(pool, { ms: recordsKeptMs, limit }),
        (swept) => lettersSwept(log, swept),
      );
    } catch (error) {
      letterSweepFailed(log, { error, retryMs: everyMs });
    }
  });
}
