import type { Order } from '../order/order.ts';
import type { Logger } from '../platform/logger.ts';
import type { TemporalClient } from '../platform/temporal-client.ts';
import { orderWorkflowId, type ProcessOrderInput, processOrderType } from '../workflows/contract.ts';
import { aboutRun } from './about.ts';
import { runState } from './run-state.ts';
import { wakeRun } from './wake-run.ts';

export interface RunsAt {
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  readonly log: Logger;
}

// Who asked waits for it.
const answerMs = 3_000;

/** Wakes the order's run, or starts one where none runs: it takes the order up where it is, and asks the provider before it charges. */
export async function resumeRun(at: RunsAt, order: Order): Promise<'woken' | 'started'> {
  if ((await runState(at, orderWorkflowId(order.id))) !== 'RUNNING') return startRun(at, order);
  await wakeRun(at, order.id);
  return 'woken';
}

export async function startRun({ temporal, taskQueue }: RunsAt, order: Order): Promise<'started'> {
  const input: ProcessOrderInput = { v: 1, orderId: order.id };
  await temporal.within(answerMs, ({ workflow }) =>
    workflow.start(processOrderType, {
      workflowId: orderWorkflowId(order.id),
      taskQueue,
      args: [input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      // Somebody else has just started it: that is success.
      workflowIdConflictPolicy: 'USE_EXISTING',
      ...aboutRun(order),
    }),
  );
  return 'started';
}
