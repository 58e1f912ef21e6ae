import { setTimeout } from 'node:timers/promises';
import type { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { activitiesServed } from '../facts.ts';
import { leanSandbox } from '../platform/workflow-sandbox.ts';
import { deploymentName } from '../workflows/contract.ts';
import { bundleWorkflows } from './bundle.ts';
import { currentBuildId } from './deployment.ts';
import { type ActivityDeps, createActivities } from './index.ts';
import { measureAttempts } from './measure.ts';
import { namedLines } from './name-lines.ts';

export interface WorkerDeps extends ActivityDeps {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly plugin: OpenTelemetryPlugin;
  /** Payment calls at once in this process, which the payment client sees to. */
  readonly concurrency: number;
  readonly fatal: (error: unknown) => void;
}

/** Above the longest attempt of a remote activity (5 s). */
const shutdownGrace = '10s';
// A server that hangs was seen to hold the SDK's shutdown up for 30 s, whatever its own limit says; the process's drain ends there.
const shutdownLimitMs = 20_000;

export interface RunningWorker extends AsyncDisposable {
  /** Rejects while this build is not the one that runs are given to: the worker polls, and gets nothing. */
  readonly checkVersion: () => Promise<void>;
  /** Workflow tasks and activities that are being carried out at this moment. */
  readonly underWay: () => number;
}

/** How much at once; the bench runs its bare worker with the same. `concurrency` = payment calls. */
export function workerTuning(concurrency: number) {
  return {
    // Twice as many slots as payment calls: a slot that is free at the very moment is what an eager dispatch needs.
    maxConcurrentActivityTaskExecutions: 2 * concurrency,
    // Fixed pollers keep slots to themselves: with 10 slots no activity was ever taken along eagerly (6 transitions, not 5).
    activityTaskPollerBehavior: { type: 'autoscaling', minimum: 1, initial: 1, maximum: 5 },
  } satisfies Partial<WorkerOptions>;
}

/** Polls until disposed; then activities under way finish or are given back. */
export async function startWorker(deps: WorkerDeps): Promise<RunningWorker> {
  const { code, buildId } = await bundleWorkflows();
  const sandbox = leanSandbox(deps.fatal);
  const activities = createActivities(deps);
  activitiesServed(Object.keys(activities));
  const options: WorkerOptions = {
    connection: deps.connection,
    namespace: deps.namespace,
    taskQueue: deps.taskQueue,
    workflowBundle: { code },
    activities,
    plugins: [deps.plugin, namedLines],
    interceptors: { activity: [measureAttempts] },
    shutdownGraceTime: shutdownGrace,
    shutdownForceTime: '15s',
    ...workerTuning(deps.concurrency),
    workerDeploymentOptions: {
      useWorkerVersioning: true,
      version: { deploymentName, buildId },
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  };
  const worker = await sandbox.within(() => Worker.create(options));
  let stopping = false;
  const running = worker.run().then(() => {
    if (!stopping) deps.fatal(new Error('The worker ended by itself; the process starts it anew.'));
  }, deps.fatal);
  return {
    underWay: () => {
      const status = worker.getStatus();
      return (
        status.numInFlightWorkflowActivations +
        status.numInFlightActivities +
        status.numInFlightLocalActivities
      );
    },
    checkVersion: async () => {
      const current = await currentBuildId(deps);
      if (current !== buildId)
        throw new Error(`build ${buildId} is not current (${current}); run: node src/main.ts promote`);
    },
    async [Symbol.asyncDispose]() {
      stopping = true;
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.race([running, setTimeout(shutdownLimitMs, undefined, { ref: false })]);
      sandbox[Symbol.dispose]();
    },
  };
}
