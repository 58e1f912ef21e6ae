import { isId } from '../core/id.ts';
import { isFinal } from '../order/order.ts';
import type { StuckOrder } from '../order/stuck.ts';
import { isQuestionRefused, type TemporalClient } from '../platform/temporal-client.ts';
import { type OpenRun, openRuns } from '../runs/open-runs.ts';
import { runState } from '../runs/run-state.ts';
import type { Pool } from '../store/pool.ts';
import type { Found } from '../store/stuck.ts';
import { findOrdersAtRest } from '../store/watch.ts';

interface ListLookDeps {
  readonly pool: Pool;
  readonly temporal: TemporalClient;
  readonly taskQueue: string;
  readonly listsEveryMs: number;
  readonly stuckMs: number;
}

// The newest 10,000 that are older than that: with more open a provider is down for long, and a reconciliation sees them all.
const mostPages = 10;

/** Which runs belong to no open order, and which fail at their tasks; nothing while the lists are not due. */
export function createListLooks(deps: ListLookDeps, mostKept: number): () => Promise<readonly Found[]> {
  let dueAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() < dueAt) return [];
    const found = [await runsWithoutOrder(deps, mostKept), await failingRuns(deps, mostKept)];
    dueAt = performance.now() + deps.listsEveryMs;
    return found;
  };
}

async function runsWithoutOrder(deps: ListLookDeps, mostKept: number): Promise<Found> {
  const { pool, temporal, stuckMs } = deps;
  const before = new Date(Date.now() - stuckMs);
  const orders: StuckOrder[] = [];
  let pages = 0;
  for await (const runs of openRuns(deps, 'order', `StartTime < "${before.toISOString()}"`)) {
    const ids = runs.map(({ subjectId }) => subjectId).filter(isId);
    const known = new Map((await findOrdersAtRest(pool, ids)).map((order) => [order.id, order]));
    for (const { subjectId: orderId, workflowId, runId } of runs) {
      if (orders.length === mostKept) break;
      const order = known.get(orderId);
      if (order !== undefined && !(isFinal(order.status) && order.updatedAt < before)) continue;
      // The list is late by a moment, or by more when Temporal is behind.
      if ((await runState({ temporal }, workflowId)) !== 'RUNNING') continue;
      const detail = { workflow_id: workflowId, run_id: runId, status: order?.status ?? null };
      orders.push({ orderId, reason: 'no_order', since: order?.updatedAt ?? before, detail });
    }
    pages += 1;
    if (pages === mostPages) break;
  }
  return { reasons: ['no_order'], orders };
}

// Servers before 1.30 do not know it; which ones are set from how many failures on is in temporal/dynamic-config.yaml.
const failing = 'TemporalReportedProblems is not null';

async function failingRuns(deps: ListLookDeps, mostKept: number): Promise<Found> {
  const orders: StuckOrder[] = [];
  try {
    for await (const runs of openRuns(deps, 'order', failing)) {
      orders.push(...runs.slice(0, mostKept - orders.length).map(toFailing));
      if (orders.length === mostKept) break;
    }
  } catch (error) {
    if (!isQuestionRefused(error)) throw error;
  }
  return { reasons: ['task_failing'], orders };
}

function toFailing({ subjectId: orderId, workflowId, runId }: OpenRun): StuckOrder {
  const detail = { workflow_id: workflowId, run_id: runId };
  return { orderId, reason: 'task_failing', since: new Date(), detail };
}
