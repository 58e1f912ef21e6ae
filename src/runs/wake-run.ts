import type { Logger } from '../platform/logger.ts';
import type { TemporalClient } from '../platform/temporal-client.ts';
import { within } from '../platform/within.ts';
import { orderWorkflowId, wakeUpdate } from '../workflows/contract.ts';

/** Asks an order's run to look whether it is to be stopped; resolves when it has stopped, or after 2 s, and never rejects. */
export type WakeRun = (orderId: string) => Promise<void>;

interface Waking {
  readonly temporal: TemporalClient;
  readonly log: Logger;
}

// Within it a refund ends on a good day, and the caller gets the final answer at once.
const patienceMs = 2_000;
// Long enough for a worker that is there to hear it.
const nudgeMs = 1_000;

export async function wakeRun({ temporal, log }: Waking, orderId: string): Promise<void> {
  try {
    const waking = temporal.within(patienceMs, ({ workflow }) =>
      workflow.getHandle(orderWorkflowId(orderId)).executeUpdate(wakeUpdate),
    );
    // A run takes ten updates at a time; the SDK tries the others again beyond their deadline.
    await within(patienceMs, waking, () => new Error(`not stopped within ${patienceMs} ms`));
  } catch (error) {
    // The mark in Postgres stands: the run meets it at its next step, and the keeper wakes it again.
    log.debug({ err: error, order_id: orderId }, 'run not stopped yet');
  }
}

/** The same without waiting for the end. Never rejects; to nudge a run again costs nothing, and does nothing. */
export async function nudgeRun({ temporal, log }: Waking, orderId: string): Promise<void> {
  try {
    await temporal.within(nudgeMs, ({ workflow }) =>
      workflow.getHandle(orderWorkflowId(orderId)).startUpdate(wakeUpdate, {
        // One for each run: without it every look would add another to a history that holds 2,000.
        updateId: 'nudge',
        waitForStage: 'ACCEPTED',
      }),
    );
  } catch (error) {
    log.debug({ err: error, order_id: orderId }, 'run not woken yet');
  }
}
