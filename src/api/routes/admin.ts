import Router from '@koa/router';
import type { Middleware } from 'koa';
import type { Logger } from '../../platform/logger.ts';
import type { Runs } from '../../runs/runs.ts';
import type { Pool } from '../../store/pool.ts';
import { askForReconciliation, showReconciliation } from './reconciliation.ts';
import { failAndRefund, resetOrder, retryOrder } from './repair-order.ts';
import { showLedger } from './show-ledger.ts';
import { showStuck } from './show-stuck.ts';

export interface AdminRoutes extends Pick<Runs, 'resumeRun' | 'resetRun'> {
  readonly pool: Pool;
  readonly log: Logger;
}

/** What operators do; `before` goes before every route there is, and will be. */
export function adminRoutes(deps: AdminRoutes, before: readonly Middleware[]): Router {
  const router = new Router({ sensitive: true });
  for (const middleware of before) router.use(middleware);
  router.get('/v1/admin/stuck', (ctx) => showStuck(deps, ctx));
  router.post('/v1/admin/orders/:id/retry', (ctx) => retryOrder(deps, ctx));
  router.post('/v1/admin/orders/:id/reset', (ctx) => resetOrder(deps, ctx));
  router.post('/v1/admin/orders/:id/fail-and-refund', (ctx) => failAndRefund(deps, ctx));
  router.get('/v1/admin/reconciliation', (ctx) => showReconciliation(deps, ctx));
  router.post('/v1/admin/reconciliation', (ctx) => askForReconciliation(deps, ctx));
  router.get('/v1/admin/ledger', (ctx) => showLedger(deps, ctx));
  return router;
}
