import { atOnce } from '../platform/at-once.ts';
import type { Logger } from '../platform/logger.ts';
import { repeat } from '../platform/repeat.ts';
import type { TemporalClient } from '../platform/temporal-client.ts';
import { nudgeRun } from '../runs/wake-run.ts';
import type { Pool } from '../store/pool.ts';
import { countStuck, type Found, keepStuck } from '../store/stuck.ts';
import { findStuckInStore, findUnheard } from '../store/watch.ts';
import { lookSkipped, orderNoLongerStuck, orderStuck, stuckMeasured, stuckNotMeasured } from './facts.ts';
import { createRunLook } from './look-at-orders.ts';
import { createListLooks } from './look-at-runs.ts';

export interface WatchdogDeps {
  readonly pool: Pool;
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  readonly log: Logger;
  readonly everyMs: number;
  /** How often Temporal's lists of runs are looked through. */
  readonly listsEveryMs: number;
  /** Something that lasts so long is stuck. */
  readonly stuckMs: number;
  /** Who was asked to stop so long ago and did not hear it is asked again. */
  readonly unheardMs: number;
}

// Of each reason: who has more of them has one cause to look for, not a thousand.
const mostKept = 1_000;
// Some 2 s in the worst case, when no worker is there to hear it.
const mostNudges = 20;
const nudgesAtOnce = 10;

/** Looks for orders that do not go on by themselves, and says so of each once, until disposed; any number may run together. */
export function startWatchdog(deps: WatchdogDeps): AsyncDisposable {
  const { pool, log, everyMs, stuckMs: ms } = deps;
  const lookAtOrders = createRunLook(deps);
  const lookAtRuns = createListLooks(deps, mostKept);
  let isSkipping = false;
  return repeat(everyMs, async () => {
    try {
      await keep({
        reasons: ['event_unsent', 'cancel_waiting', 'failure_waiting', 'refund_failed'],
        orders: await findStuckInStore(pool, { ms, limit: mostKept }),
      });
      // What Postgres knows stays true while Temporal is down, so it comes first.
      await keep(await lookAtOrders());
      const unheard = await findUnheard(pool, { ms: deps.unheardMs, limit: mostNudges });
      await atOnce(nudgesAtOnce, unheard, (orderId) => nudgeRun(deps, orderId));
      for (const found of await lookAtRuns()) await keep(found);
      isSkipping = false;
    } catch (error) {
      // What cannot be asked is not stuck for that; of an outage one line is enough.
      if (!isSkipping) lookSkipped(log, { error, retryMs: everyMs });
      isSkipping = true;
    }
    await countStuck(pool).then(stuckMeasured, stuckNotMeasured);
  });

  async function keep(found: Found): Promise<void> {
    const { became, over } = await keepStuck(pool, found);
    for (const stuck of became) orderStuck(log, stuck);
    for (const stuck of over) orderNoLongerStuck(log, stuck);
  }
}
