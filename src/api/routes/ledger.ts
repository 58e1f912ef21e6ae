import Router from '@koa/router';
import type { Middleware } from 'koa';
import type { PlaceTransaction } from '../../store/transactions.ts';
import { changeAccount } from './change-account.ts';
import { createTransaction } from './create-transaction.ts';
import { openAccount } from './open-account.ts';
import type { PlacingRoutes } from './orders.ts';
import { listOwnAccounts, listTransactionsOn, readAccount } from './own-account.ts';
import { readTransaction } from './own-transaction.ts';
import { readTransactionTimeline } from './read-timeline.ts';

export interface LedgerRoutes extends Omit<PlacingRoutes, 'placeOrder'> {
  readonly placeTransaction: PlaceTransaction;
}

/** Accounts and the transactions on them; `before` goes before every route there is, and will be. */
export function ledgerRoutes(deps: LedgerRoutes, before: readonly Middleware[]): Router {
  const router = new Router({ sensitive: true });
  for (const middleware of before) router.use(middleware);
  router.post('/v1/accounts', (ctx) => openAccount(deps, ctx));
  router.get('/v1/accounts', (ctx) => listOwnAccounts(deps, ctx));
  router.get('/v1/accounts/:id', (ctx) => readAccount(deps, ctx));
  router.patch('/v1/accounts/:id', (ctx) => changeAccount(deps, ctx));
  router.get('/v1/accounts/:id/transactions', (ctx) => listTransactionsOn(deps, ctx));
  router.post('/v1/transactions', (ctx) => createTransaction(deps, ctx));
  router.get('/v1/transactions/:id', (ctx) => readTransaction(deps, ctx));
  router.get('/v1/transactions/:id/timeline', (ctx) => readTransactionTimeline(deps, ctx));
  return router;
}
