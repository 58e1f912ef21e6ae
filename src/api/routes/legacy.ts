import { randomUUID } from 'node:crypto';
import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import type { z } from 'zod';
import { readOptionalIdempotencyKey } from '../../platform/http/idempotency-key.ts';
import { readJson } from '../../platform/http/json-body.ts';
import { parseBody } from '../../platform/http/validation.ts';
import { amountOrder, productOrder, productOrders } from '../legacy-schemas.ts';
import type { NewOrder } from '../schemas.ts';
import { acceptOrder } from './create-order.ts';
import { acceptBatch } from './create-order-batch.ts';
import type { PlacingRoutes } from './orders.ts';

/** Orders at the addresses and in the shapes of the systems that this one takes the place of; their clients may have no keys. */
export function legacyRoutes(deps: PlacingRoutes, before: readonly Middleware[]): Router {
  const router = new Router({ sensitive: true });
  for (const middleware of before) router.use(middleware);
  router.post('/orders', (ctx) => place(deps, ctx, 'POST /orders', amountOrder));
  router.post('/api/v1/orders', (ctx) => place(deps, ctx, 'POST /api/v1/orders', productOrder));
  router.post('/api/v1/orders/batch', (ctx) => placeBatch(deps, ctx));
  return router;
}

async function place(
  deps: PlacingRoutes,
  ctx: Context,
  operation: string,
  schema: z.ZodType<NewOrder>,
): Promise<void> {
  deps.admission.admit();
  const key = keyOf(ctx);
  const body = await readJson(ctx);
  await acceptOrder(deps, ctx, { operation, key, body, order: parseBody(schema, body) });
}

async function placeBatch(deps: PlacingRoutes, ctx: Context): Promise<void> {
  deps.admission.admit();
  const key = keyOf(ctx);
  const body = await readJson(ctx);
  const orders = parseBody(productOrders, body);
  const read = (order: unknown, index: number) => parseBody(productOrder, order, [index]);
  await acceptBatch(deps, ctx, { operation: 'POST /api/v1/orders/batch', key, body, orders, read });
}

/** Without a key nothing tells a repeat from another order. */
function keyOf(ctx: Context): string {
  return readOptionalIdempotencyKey(ctx) ?? randomUUID();
}
