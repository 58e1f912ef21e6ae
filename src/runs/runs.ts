import type { Order } from '../order/order.ts';
import { resetRun } from './reset-run.ts';
import { type RunsAt, resumeRun } from './resume-run.ts';
import { type WakeRun, wakeRun } from './wake-run.ts';

/** What the api asks of orders' runs. All but `wakeRun` throw TemporalUnavailableError. */
export interface Runs {
  readonly wakeRun: WakeRun;
  readonly resumeRun: (order: Order) => ReturnType<typeof resumeRun>;
  readonly resetRun: (order: Order, reason: string) => ReturnType<typeof resetRun>;
}

export function createRuns(at: RunsAt): Runs {
  return {
    wakeRun: (orderId) => wakeRun(at, orderId),
    resumeRun: (order) => resumeRun(at, order),
    resetRun: (order, reason) => resetRun(at, order, reason),
  };
}
