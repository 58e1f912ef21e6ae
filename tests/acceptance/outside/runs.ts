import { Client, Connection, type WorkflowExecutionInfo } from '@temporalio/client';
import { eventually } from '../../support/eventually.ts';

/** One execution, as the server tells it. */
export interface Run {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
  readonly historyLength: number;
  readonly stateTransitions: number;
  readonly summary: string | undefined;
  readonly searchAttributes: Readonly<Record<string, unknown>>;
}

export interface Runs extends AsyncDisposable {
  readonly client: Client;
  /** From visibility, which is late by up to a second or two. */
  list(query: string): Promise<WorkflowExecutionInfo[]>;
  describe(orderId: string): Promise<Run>;
  result(orderId: string): Promise<unknown>;
  /** Deletes a run that is closed; resolves when the server knows it no more. */
  forget(workflowId: string): Promise<void>;
}

export async function openRuns(address: string): Promise<Runs> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  return {
    client,
    list: async (query) => {
      const found: WorkflowExecutionInfo[] = [];
      for await (const run of client.workflow.list({ query })) found.push(run);
      return found;
    },
    describe: (orderId) => describeRun(client, workflowIdOf(orderId)),
    result: (orderId) => client.workflow.getHandle(workflowIdOf(orderId)).result(),
    forget: async (workflowId) => {
      const workflowExecution = { workflowId };
      await client.workflowService.deleteWorkflowExecution({ namespace: 'default', workflowExecution });
      await eventually(async () => {
        const described = client.workflow.getHandle(workflowId).describe();
        if (await described.catch(() => undefined)) throw new Error(`${workflowId} is not forgotten yet`);
        // The server does it in the background, after its visibility is written.
      }, 90_000);
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

export function workflowIdOf(orderId: string): string {
  return `order-${orderId}`;
}

async function describeRun(client: Client, workflowId: string): Promise<Run> {
  const described = await client.workflow.getHandle(workflowId).describe();
  const { historyLength, stateTransitionCount } = described.raw.workflowExecutionInfo ?? {};
  return {
    workflowId: described.workflowId,
    runId: described.runId,
    status: described.status.name,
    historyLength: Number(historyLength),
    stateTransitions: Number(stateTransitionCount),
    summary: await described.staticSummary(),
    searchAttributes: Object.fromEntries(
      described.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]),
    ),
  };
}
