import { randomUUID } from 'node:crypto';
import type { Logger } from '../platform/logger.ts';
import { repeat } from '../platform/repeat.ts';
import {
  claimReconciliation,
  finishReconciliation,
  postponeReconciliation,
  renewLease,
  requestDueReconciliation,
} from '../store/reconciliations.ts';
import type { Sides } from './collect-facts.ts';
import { reconciliationFailed, reconciliationFinished } from './facts.ts';
import { reconcile } from './reconcile.ts';

export interface ReconcilerDeps extends Sides {
  readonly log: Logger;
  /** How often it is asked whether somebody wants one. */
  readonly everyMs: number;
  /** One is made when the last is so old, though nobody asked: what a provider did late shows nowhere else. */
  readonly dueEveryMs?: number;
}

// Longer than anything between two pages.
const leaseMs = 120_000;
const renewMs = 10_000;
const retryMs = 30_000;

/** Makes the reconciliations that somebody asked for, or that are due, one at a time, until disposed; any number of these may run together. */
export function startReconciler(deps: ReconcilerDeps): AsyncDisposable {
  const { pool, log, everyMs, dueEveryMs } = deps;
  return repeat(everyMs, async (stop) => {
    const attempt = randomUUID();
    try {
      if (dueEveryMs !== undefined)
        await requestDueReconciliation(pool, { id: randomUUID(), caller: 'keeper', everyMs: dueEveryMs });
      const claimed = await claimReconciliation(pool, { attempt, leaseMs });
      if (claimed === undefined) return;
      const started = performance.now();
      let renewed = started;
      const goOn = async () => {
        stop.throwIfAborted();
        if (performance.now() - renewed < renewMs) return;
        await renewLease(pool, { attempt, leaseMs });
        renewed = performance.now();
      };
      const result = await reconcile(deps, claimed, { stop, goOn });
      await finishReconciliation(pool, attempt, result);
      const { counts, differencesTotal: differences } = result;
      const seconds = (performance.now() - started) / 1_000;
      reconciliationFinished(log, { id: claimed.id, counts, differences, seconds });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // Whoever comes next may take it up at once.
      const pauseMs = stop.aborted ? 0 : retryMs;
      await postponeReconciliation(pool, { attempt, error: message, retryMs: pauseMs }).catch(() => {});
      if (!stop.aborted) reconciliationFailed(log, { error, retryMs });
    }
  });
}
