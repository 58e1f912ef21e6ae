import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Order } from '../order/order.ts';
import { orderWorkflowId } from '../workflows/contract.ts';
import { type RunsAt, startRun } from './resume-run.ts';

// Who asked waits for it.
const answerMs = 3_000;
// The first task ends among the first five events of any run that a worker has taken up.
const firstEvents = 10;

/**
 * Sends the order's newest run, open or closed, back to its first task: a new run takes its place. Where there is none it
 * starts one; where no worker has taken up the first task yet there is nothing to go back to (`new`).
 */
export async function resetRun(
  at: RunsAt,
  order: Order,
  reason: string,
): Promise<'reset' | 'started' | 'new'> {
  const workflowId = orderWorkflowId(order.id);
  try {
    return await at.temporal.within(answerMs, async ({ workflow, options: { namespace } }) => {
      const { runId } = await workflow.getHandle(workflowId).describe();
      const { history } = await workflow.workflowService.getWorkflowExecutionHistory({
        namespace,
        execution: { workflowId, runId },
        maximumPageSize: firstEvents,
      });
      const first = history?.events?.find(endsTask);
      if (first?.eventId == null) return 'new';
      await workflow.workflowService.resetWorkflowExecution({
        namespace,
        workflowExecution: { workflowId, runId },
        workflowTaskFinishEventId: first.eventId,
        requestId: randomUUID(),
        reason,
      });
      return 'reset';
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return startRun(at, order);
    throw error;
  }
}

/** Not where it began: an eager start writes that together with what comes before, and the server goes back between batches only. */
function endsTask(event: HistoryEvent): boolean {
  return (
    event.workflowTaskCompletedEventAttributes != null ||
    event.workflowTaskFailedEventAttributes != null ||
    event.workflowTaskTimedOutEventAttributes != null
  );
}

type HistoryEvent = Readonly<
  Partial<
    Record<
      | 'workflowTaskCompletedEventAttributes'
      | 'workflowTaskFailedEventAttributes'
      | 'workflowTaskTimedOutEventAttributes',
      object | null
    >
  >
>;
