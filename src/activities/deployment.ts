import { setTimeout } from 'node:timers/promises';
import type { NativeConnection } from '@temporalio/worker';
import { deploymentName, merchantIdAttribute, orderStatusAttribute } from '../workflows/contract.ts';
import { bundleWorkflows } from './bundle.ts';

// temporal.api.enums.v1.IndexedValueType
const keyword = 2;
const promoteWithinMs = 60_000;

interface Where {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/** Registers what workflows are searched by, where it is missing. */
export async function registerSearchAttributes({ connection, namespace }: Where): Promise<string> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = [merchantIdAttribute, orderStatusAttribute].filter(
    ({ name }) => !(name in (customAttributes ?? {})),
  );
  if (missing.length === 0) return 'nothing to do';
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(({ name }) => [name, keyword])),
  });
  return `registered: ${missing.map(({ name }) => name).join(', ')}`;
}

/** The build that runs are given to; "none" before the first was made current. */
export async function currentBuildId({ connection, namespace }: Where): Promise<string> {
  const { workerDeploymentInfo } = await connection.workflowService.describeWorkerDeployment({
    namespace,
    deploymentName,
  });
  return workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId ?? 'none';
}

/** Makes the build of these sources the one that runs are given to, as soon as a worker of it polls. */
export async function promoteWorkerVersion({ connection, namespace }: Where): Promise<string> {
  const { buildId } = await bundleWorkflows();
  const deadline = performance.now() + promoteWithinMs;
  for (;;) {
    try {
      await connection.workflowService.setWorkerDeploymentCurrentVersion({
        namespace,
        deploymentName,
        buildId,
        identity: 'tbd promote',
      });
      return `current version: ${deploymentName} ${buildId}`;
    } catch (cause) {
      if (!isNotPollingYet(cause)) throw cause;
      if (performance.now() > deadline) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new Error(
          `No worker of build ${buildId} polls (${reason}); start one from these sources and promote again.`,
          {
            cause,
          },
        );
      }
      await setTimeout(200);
    }
  }
}

// gRPC: NOT_FOUND before the deployment has any worker, FAILED_PRECONDITION before one of this build polls.
function isNotPollingYet(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 5 || error.code === 9);
}
