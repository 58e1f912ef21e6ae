import type { NativeConnection } from '@temporalio/worker';

export interface BacklogSource {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
}

const sampleMs = 250;
// temporal.api.enums.v1.TaskQueueType
const workflowTasks = 1;
const activityTasks = 2;

/**
 * How many tasks wait in the queue, sampled at most four times a second. A flood of starts makes workflow tasks time out,
 * and each timeout is work done twice; so a queue that is behind is left to catch up.
 */
export function createBacklogGauge(source: BacklogSource): () => Promise<number> {
  let sampled = { at: Number.NEGATIVE_INFINITY, backlog: 0 };
  return async () => {
    if (performance.now() - sampled.at < sampleMs) return sampled.backlog;
    const counts = await Promise.all(
      [workflowTasks, activityTasks].map((type) => waiting(source, type)),
    ).catch(() => undefined);
    // While the server does not answer the old figure stands: the next start will meet the outage itself, and wait for its end.
    sampled = {
      at: performance.now(),
      backlog: counts === undefined ? sampled.backlog : Math.max(...counts),
    };
    return sampled.backlog;
  };
}

async function waiting(
  { connection, namespace, taskQueue }: BacklogSource,
  taskQueueType: number,
): Promise<number> {
  const { stats } = await connection.withDeadline(Date.now() + 5_000, () =>
    connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType,
      reportStats: true,
    }),
  );
  return Number(stats?.approximateBacklogCount ?? 0);
}
