import type { TemporalClient } from '../platform/temporal-client.ts';
import {
  orderWorkflowId,
  postTransactionType,
  processOrderType,
  transactionWorkflowId,
} from '../workflows/contract.ts';

export interface OpenRun {
  /** Of the order or transaction, by the run's own id; a run that was started by hand may have any. */
  readonly subjectId: string;
  readonly workflowId: string;
  readonly runId: string;
}

interface Where {
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
}

const answerMs = 10_000;
const kinds = {
  order: { type: processOrderType, prefix: orderWorkflowId('') },
  transaction: { type: postTransactionType, prefix: transactionWorkflowId('') },
};
const pageSize = 1_000;

/** Pages of the runs of that kind that are open by now, a second or two late; `such` is one more condition of Temporal's list filter. */
export async function* openRuns(
  { temporal, taskQueue }: Where,
  kind: keyof typeof kinds,
  such?: string,
): AsyncGenerator<readonly OpenRun[], void, undefined> {
  const { type, prefix } = kinds[kind];
  const query = [
    `WorkflowType = ${JSON.stringify(type)}`,
    `TaskQueue = ${JSON.stringify(taskQueue)}`,
    'ExecutionStatus = "Running"',
    ...(such === undefined ? [] : [such]),
  ].join(' and ');
  let nextPageToken: Uint8Array | null = null;
  do {
    const page = await temporal.within(answerMs, ({ workflow, options: { namespace } }) =>
      workflow.workflowService.listWorkflowExecutions({ namespace, query, pageSize, nextPageToken }),
    );
    nextPageToken = page.nextPageToken;
    yield page.executions.map(({ execution }) => {
      const workflowId = execution?.workflowId ?? '';
      // By hand it may have been started under another spelling of the id.
      const subjectId = (
        workflowId.startsWith(prefix) ? workflowId.slice(prefix.length) : workflowId
      ).toLowerCase();
      return { subjectId, workflowId, runId: execution?.runId ?? '' };
    });
  } while (nextPageToken.length > 0);
}
