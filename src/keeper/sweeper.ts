import { keysSwept, sweepFailed } from '../facts.ts';
import { marksSwept } from '../facts-notifier.ts';
import type { Logger } from '../platform/logger.ts';
import { repeat } from '../platform/repeat.ts';
import { sweepKeys } from '../store/idempotency.ts';
import { sweepMarks } from '../store/notifications.ts';
import type { Pool } from '../store/pool.ts';

export interface SweeperDeps {
  readonly pool: Pool;
  readonly log: Logger;
  readonly everyMs: number;
}

// Some 10 ms of Postgres: a sweep of many never keeps a request waiting for long.
const atOnce = 1_000;

const sweeps = [
  { sweep: sweepKeys, tell: keysSwept },
  { sweep: sweepMarks, tell: marksSwept },
];

/** Forgets idempotency keys and marks whose time is over until disposed; any number of sweepers may run together. */
export function startSweeper({ pool, log, everyMs }: SweeperDeps): AsyncDisposable {
  return repeat(everyMs, async (stop) => {
    try {
      for (const { sweep, tell } of sweeps)
        await sweepAll(
          stop,
          atOnce,
          (limit) => sweep(pool, limit),
          (swept) => tell(log, swept),
        );
    } catch (error) {
      sweepFailed(log, { error, retryMs: everyMs });
    }
  });
}

/** In portions of `atOnce`, until one is not full. */
export async function sweepAll(
  stop: AbortSignal,
  atOnce: number,
  sweep: (limit: number) => Promise<number>,
  tell: (swept: number) => void,
): Promise<void> {
  for (let swept = atOnce; swept === atOnce && !stop.aborted; ) {
    swept = await sweep(atOnce);
    if (swept > 0) tell(swept);
  }
}
