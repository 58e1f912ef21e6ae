import type { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { type NativeConnection, Worker } from '@temporalio/worker';
import { deploymentName } from '../workflows/contract.ts';
import { bundleWorkflows } from './bundle.ts';
import { type ActivityDeps, createActivities } from './index.ts';

export interface WorkerDeps extends ActivityDeps {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly plugin: OpenTelemetryPlugin;
  /** Remote activities at once in this process. */
  readonly concurrency: number;
  readonly fatal: (error: unknown) => void;
}

/** Above the longest attempt of a remote activity (5 s), below the 30 s of the process's drain. */
const shutdownGrace = '20s';

/** Polls until disposed; then activities under way finish or are given back. */
export async function startWorker(deps: WorkerDeps): Promise<AsyncDisposable> {
  const { code, buildId } = await bundleWorkflows(deps.plugin);
  const worker = await Worker.create({
    connection: deps.connection,
    namespace: deps.namespace,
    taskQueue: deps.taskQueue,
    workflowBundle: { code },
    activities: createActivities(deps),
    plugins: [deps.plugin],
    shutdownGraceTime: shutdownGrace,
    shutdownForceTime: '25s',
    maxConcurrentActivityTaskExecutions: deps.concurrency,
    // Fixed pollers keep slots to themselves: with 10 slots no activity was ever taken along eagerly (6 transitions, not 5).
    activityTaskPollerBehavior: { type: 'autoscaling', minimum: 1, initial: 2, maximum: 5 },
    workerDeploymentOptions: {
      useWorkerVersioning: true,
      version: { deploymentName, buildId },
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  });
  const running = worker.run().catch(deps.fatal);
  return {
    async [Symbol.asyncDispose]() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
    },
  };
}
