import type { Context } from 'koa';
import { acceptReplayed, orderAccepted } from '../../facts.ts';
import { readIdempotencyKey } from '../../platform/http/idempotency-key.ts';
import { readJson } from '../../platform/http/json-body.ts';
import { parseBody } from '../../platform/http/validation.ts';
import { fingerprint } from '../fingerprint.ts';
import { orderTag } from '../present.ts';
import { type NewOrder, newOrder } from '../schemas.ts';
import { keyReused } from './claim-once.ts';
import { newPlacement } from './new-placement.ts';
import type { PlacingRoutes } from './orders.ts';

/** 202 once key, order and event are durable together; a repeat gets the first answer's bytes, another body 422. */
export async function createOrder(deps: PlacingRoutes, ctx: Context): Promise<void> {
  deps.admission.admit();
  const key = readIdempotencyKey(ctx);
  const body = await readJson(ctx);
  await acceptOrder(deps, ctx, { operation: 'POST /v1/orders', key, body, order: parseBody(newOrder, body) });
}

export interface OrderRequest {
  readonly operation: string;
  readonly key: string;
  readonly body: unknown;
  readonly order: NewOrder;
}

export async function acceptOrder(
  { placeOrder, signal, log, idempotencyTtlMs: ttlMs }: PlacingRoutes,
  ctx: Context,
  { operation, key, body, order }: OrderRequest,
): Promise<void> {
  const placement = newPlacement(ctx, order, { operation, key, fingerprint: fingerprint(body), ttlMs });
  const placed = await placeOrder(placement);
  switch (placed.outcome) {
    case 'placed':
      signal();
      orderAccepted(log, placement.order);
      return accepted(ctx, placement.order.id, placement.response);
    case 'replayed':
      acceptReplayed(log, placed.orderId);
      ctx.set('Idempotent-Replayed', 'true');
      return accepted(ctx, placed.orderId, placed.response);
    case 'key_reused':
      throw keyReused();
    default:
      placed satisfies never;
  }
}

function accepted(ctx: Context, orderId: string, response: string): void {
  ctx.status = 202;
  ctx.set({ Location: `/v1/orders/${orderId}`, ETag: orderTag({ version: 1 }), 'Retry-After': '1' });
  ctx.body = response;
  ctx.type = 'application/json';
}
