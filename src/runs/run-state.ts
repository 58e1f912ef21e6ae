import { WorkflowNotFoundError } from '@temporalio/common';
import type { TemporalClient } from '../platform/temporal-client.ts';

const answerMs = 3_000;

/** The newest run's status as Temporal names it, such as `RUNNING` or `TERMINATED`; `UNKNOWN` when it has never heard of one, or forgotten it. */
export async function runState(
  { temporal }: { temporal: TemporalClient },
  workflowId: string,
): Promise<string> {
  try {
    const { status } = await temporal.within(answerMs, ({ workflow }) =>
      workflow.getHandle(workflowId).describe(),
    );
    return status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'UNKNOWN';
    throw error;
  }
}
