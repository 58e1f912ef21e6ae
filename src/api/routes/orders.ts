import Router from '@koa/router';
import type { Context, Middleware, Next } from 'koa';
import { readIdempotencyKey } from '../../platform/http/idempotency-key.ts';
import { Problem } from '../../platform/http/problem.ts';
import { parseBody } from '../../platform/http/validation.ts';
import type { Logger } from '../../platform/logger.ts';
import type { PlaceOrder } from '../../store/order-placement.ts';
import type { OutboxSignal } from '../../store/outbox-signal.ts';
import type { Pool } from '../../store/pool.ts';
import type { Admission } from '../admission.ts';
import { newOrder, newOrderBatch } from '../schemas.ts';
import { type CancelingRoutes, cancelOrder } from './cancel-order.ts';
import { createOrder } from './create-order.ts';
import { createOrderBatch } from './create-order-batch.ts';
import { listOwnOrders } from './list-own-orders.ts';
import { readOrder } from './own-order.ts';
import { readTimeline } from './read-timeline.ts';

export interface OrderRoutes {
  readonly pool: Pool;
  readonly signal: OutboxSignal;
  readonly log: Logger;
  readonly idempotencyTtlMs: number;
}

/** What routes need that place orders. */
export interface PlacingRoutes extends OrderRoutes {
  readonly admission: Pick<Admission, 'admit'>;
  readonly placeOrder: PlaceOrder;
}

const single = { operation: 'POST /v1/orders', readKey: readIdempotencyKey, order: newOrder };
const batch = {
  ...single,
  operation: 'POST /v1/orders/batch',
  list: (body: unknown) => parseBody(newOrderBatch, body).orders,
  at: ['orders'],
};

/** The router takes the address of a batch for that of an order too, and would answer as if it were one. */
export function batchIsPosted(ctx: Context, next: Next): Promise<unknown> {
  if (ctx.method === 'POST' || ctx.path.replace(/\/$/, '') !== '/v1/orders/batch') return next();
  if (ctx.method !== 'OPTIONS')
    throw new Problem(405, 'method_not_allowed', 'Send a batch with POST.', { headers: { Allow: 'POST' } });
  ctx.set('Allow', 'POST');
  ctx.status = 200;
  ctx.body = '';
  return Promise.resolve();
}

/** `before` goes before every route there is, and will be. */
export function orderRoutes(deps: PlacingRoutes & CancelingRoutes, before: readonly Middleware[]): Router {
  // The router's own middleware tells upper from lower case: routes that did not would be reached past it.
  const router = new Router({ prefix: '/v1/orders', sensitive: true });
  for (const middleware of before) router.use(middleware);
  router.post('/', (ctx) => createOrder(deps, ctx, single));
  router.post('/batch', (ctx) => createOrderBatch(deps, ctx, batch));
  router.get('/', (ctx) => listOwnOrders(deps, ctx));
  router.get('/:id', (ctx) => readOrder(deps, ctx));
  router.get('/:id/timeline', (ctx) => readTimeline(deps, ctx));
  router.post('/:id/cancel', (ctx) => cancelOrder(deps, ctx));
  return router;
}
