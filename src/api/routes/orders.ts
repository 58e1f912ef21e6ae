import Router from '@koa/router';
import type { Middleware } from 'koa';
import type { Logger } from '../../platform/logger.ts';
import type { OutboxSignal } from '../../store/outbox-signal.ts';
import { createPlaceOrder } from '../../store/placement.ts';
import type { Pool } from '../../store/pool.ts';
import { cancelOrder } from './cancel-order.ts';
import { createOrder } from './create-order.ts';
import { listOwnOrders } from './list-own-orders.ts';
import { ownOrder, showOrder } from './own-order.ts';

export interface OrderRoutes {
  readonly pool: Pool;
  readonly signal: OutboxSignal;
  readonly log: Logger;
  readonly idempotencyTtlMs: number;
}

/** `before` goes before every route there is, and will be. */
export function orderRoutes(deps: OrderRoutes, before: readonly Middleware[]): Router {
  const router = new Router({ prefix: '/v1/orders' });
  for (const middleware of before) router.use(middleware);
  const placeOrder = createPlaceOrder(deps.pool);
  router.post('/', (ctx) => createOrder(deps, placeOrder, ctx));
  router.get('/', (ctx) => listOwnOrders(deps, ctx));
  router.get('/:id', async (ctx) => showOrder(ctx, await ownOrder(deps, ctx)));
  router.post('/:id/cancel', (ctx) => cancelOrder(deps, ctx));
  return router;
}
