import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** The bundle that workers run; its hash is the build id, so an edit of a workflow is a new version and nothing else is. */
export async function bundleWorkflows(): Promise<{ code: string; buildId: string }> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
    workflowInterceptorModules: [fileURLToPath(new URL('../workflows/tracing.ts', import.meta.url))],
    logger: new DefaultLogger('WARN'),
  });
  return { code, buildId: createHash('sha256').update(code).digest('hex').slice(0, 12) };
}
