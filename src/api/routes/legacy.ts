import { randomUUID } from 'node:crypto';
import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import { readOptionalIdempotencyKey } from '../../platform/http/idempotency-key.ts';
import { parseBody } from '../../platform/http/validation.ts';
import { amountOrder, productOrder, productOrders } from '../legacy-schemas.ts';
import { createOrder } from './create-order.ts';
import { createOrderBatch } from './create-order-batch.ts';
import type { PlacingRoutes } from './orders.ts';

/** Without a key nothing tells a repeat from another order. */
const readKey = (ctx: Context): string => readOptionalIdempotencyKey(ctx) ?? randomUUID();

const byAmount = { operation: 'POST /orders', readKey, order: amountOrder };
const byProduct = { operation: 'POST /api/v1/orders', readKey, order: productOrder };
const batch = {
  ...byProduct,
  operation: 'POST /api/v1/orders/batch',
  list: (body: unknown) => parseBody(productOrders, body),
  at: [],
};

/** Orders at the addresses and in the shapes of the systems that this one takes the place of; their clients may have no keys. */
export function legacyRoutes(deps: PlacingRoutes, before: readonly Middleware[]): Router {
  const router = new Router({ sensitive: true });
  for (const middleware of before) router.use(middleware);
  router.post('/orders', (ctx) => createOrder(deps, ctx, byAmount));
  router.post('/api/v1/orders', (ctx) => createOrder(deps, ctx, byProduct));
  router.post('/api/v1/orders/batch', (ctx) => createOrderBatch(deps, ctx, batch));
  return router;
}
