import { randomUUID } from 'node:crypto';
import type { Context } from 'koa';
import { reconciliationRequested } from '../../facts.ts';
import { readReconciliations, requestReconciliation } from '../../store/reconciliations.ts';
import { callerOf } from '../caller.ts';
import { presentReconciliations, presentRequest } from '../present-admin.ts';
import type { AdminRoutes } from './admin.ts';

/** 202 with the request, which a keeper takes up; the same one while it waits or runs. */
export async function askForReconciliation({ pool, log }: AdminRoutes, ctx: Context): Promise<void> {
  const caller = callerOf(ctx);
  const { reconciliation, isNew } = await requestReconciliation(pool, { id: randomUUID(), caller });
  if (isNew) reconciliationRequested(log, { id: reconciliation.id, caller });
  ctx.status = 202;
  ctx.set({ Location: '/v1/admin/reconciliation', 'Retry-After': '5' });
  ctx.body = presentRequest(reconciliation);
}

/** The last report and its age, and what waits or runs. */
export async function showReconciliation({ pool }: AdminRoutes, ctx: Context): Promise<void> {
  ctx.body = presentReconciliations(await readReconciliations(pool), new Date());
}
