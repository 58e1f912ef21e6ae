import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { workerTuning } from '../../src/activities/worker.ts';
import { serveLoad } from './serve.ts';

// Bare Temporal: client and worker in one process on one connection, with the product's own tuning and eager starts.
// A workflow counts as ended when its last activity runs, so that nobody waits for results with polls that cost the server.

interface BareOrder {
  readonly orderId: string;
  readonly amountCents: number;
  readonly currency: string;
  readonly merchantId: string;
  readonly paymentGiveUpAfterMs: number;
}

export interface BareActivities {
  begin(orderId: string): Promise<{ outcome: 'begun'; order: BareOrder }>;
  charge(order: BareOrder): Promise<{ outcome: 'captured'; chargeId: string }>;
  mark(order: BareOrder & { paymentId: string }): Promise<void>;
  complete(order: BareOrder & { paymentId: string }): Promise<void>;
}

const waiting = new Map<string, () => void>();
const activities: BareActivities = {
  begin: async (orderId) => ({
    outcome: 'begun',
    order: {
      orderId,
      amountCents: 1_299,
      currency: 'USD',
      merchantId: 'bench',
      paymentGiveUpAfterMs: 86_400_000,
    },
  }),
  charge: async ({ orderId }) => ({ outcome: 'captured', chargeId: orderId }),
  mark: async () => {},
  complete: async ({ orderId }) => {
    waiting.get(orderId)?.();
    waiting.delete(orderId);
  },
};

const logger = new DefaultLogger('WARN');
Runtime.install({ logger, shutdownSignals: [] });
const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS ?? '' });
const taskQueue = 'bench-bare';
const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('./bare-workflows.ts', import.meta.url)),
  logger,
});
const worker = await Worker.create({
  connection,
  taskQueue,
  workflowBundle: { code },
  activities: { ...activities },
  ...workerTuning(Number(process.env.WORKER_CONCURRENCY ?? 10)),
});
worker.run().catch((error: unknown) => {
  process.stderr.write(`the bare worker failed: ${String(error)}\n`);
  process.exit(1);
});
const client = new Client({ connection });

serveLoad({
  sameShape: () => untilLastActivity('sameShape'),
  fourRemote: () => untilLastActivity('fourRemote'),
  noActivity: async () => (await start('noActivity', randomUUID())).result(),
  sameShapeResult: async () => (await start('sameShape', randomUUID())).result(),
});

async function untilLastActivity(workflow: string): Promise<void> {
  const orderId = randomUUID();
  const { promise, resolve } = Promise.withResolvers<void>();
  waiting.set(orderId, resolve);
  await start(workflow, orderId);
  await promise;
}

function start(workflow: string, orderId: string) {
  return client.workflow.start(workflow, {
    taskQueue,
    workflowId: `${workflow}-${orderId}`,
    args: [{ v: 1, orderId }],
    requestEagerStart: true,
  });
}
