import type { Client, Connection } from '@temporalio/client';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import type { Logger } from '../platform/logger.ts';
import { orderWorkflowId, wakeUpdate } from '../workflows/contract.ts';

/** Asks an order's run to look whether it is to be stopped; resolves when it has stopped, or after 2 s, and never rejects. */
export type WakeRun = (orderId: string) => Promise<void>;

export interface RunWaker extends AsyncDisposable {
  readonly wakeRun: WakeRun;
}

export interface RunWakerDeps {
  readonly temporal: ClientConnectConfig;
  readonly namespace: string;
  readonly log: Logger;
}

// Within it a refund ends on a good day, and the caller gets the final answer at once.
const patienceMs = 2_000;

/** Connects when it is needed for the first time: most api processes never cancel what is being processed. */
export function createRunWaker({ temporal, namespace, log }: RunWakerDeps): RunWaker {
  let opened: Promise<{ client: Client; connection: Connection }> | undefined;
  const open = async () => {
    const { Client, Connection } = await import('@temporalio/client');
    const connection = Connection.lazy(temporal.connectionOptions);
    return { client: new Client({ connection, namespace }), connection };
  };
  return {
    wakeRun: async (orderId) => {
      try {
        opened ??= open();
        const { client, connection } = await opened;
        const run = client.workflow.getHandle(orderWorkflowId(orderId));
        await connection.withDeadline(Date.now() + patienceMs, () => run.executeUpdate(wakeUpdate));
      } catch (error) {
        // The mark in Postgres stands: the run meets it at its next step, and the keeper wakes it again.
        log.debug({ err: error, order_id: orderId }, 'run not stopped yet');
      }
    },
    async [Symbol.asyncDispose]() {
      await (await opened)?.connection.close();
    },
  };
}
