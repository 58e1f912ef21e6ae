import type { Context } from 'koa';
import { acceptReplayed, orderAccepted } from '../../facts.ts';
import { readIdempotencyKey } from '../../platform/http/idempotency-key.ts';
import { readJson } from '../../platform/http/json-body.ts';
import { parseBody } from '../../platform/http/validation.ts';
import type { PlaceOrder } from '../../store/placement.ts';
import { fingerprint } from '../fingerprint.ts';
import { orderTag } from '../present.ts';
import { newOrder } from '../schemas.ts';
import { keyReused } from './claim-once.ts';
import { newPlacement } from './new-placement.ts';
import type { OrderRoutes } from './orders.ts';

/** 202 once key, order and event are durable together; a repeat gets the first answer's bytes, another body 422. */
export async function createOrder(
  { admission, signal, log, idempotencyTtlMs }: OrderRoutes,
  placeOrder: PlaceOrder,
  ctx: Context,
): Promise<void> {
  admission.admit();
  const key = readIdempotencyKey(ctx);
  const body = await readJson(ctx);
  const placement = newPlacement(ctx, parseBody(newOrder, body), {
    operation: 'POST /v1/orders',
    key,
    fingerprint: fingerprint(body),
    ttlMs: idempotencyTtlMs,
  });
  const placed = await placeOrder(placement);
  switch (placed.outcome) {
    case 'placed':
      signal();
      orderAccepted(log, placement.order);
      return accept(ctx, placement.order.id, placement.response);
    case 'replayed':
      acceptReplayed(log, placed.orderId);
      ctx.set('Idempotent-Replayed', 'true');
      return accept(ctx, placed.orderId, placed.response);
    case 'key_reused':
      throw keyReused();
    default:
      placed satisfies never;
  }
}

function accept(ctx: Context, orderId: string, response: string): void {
  ctx.status = 202;
  ctx.set({ Location: `/v1/orders/${orderId}`, ETag: orderTag({ version: 1 }), 'Retry-After': '1' });
  ctx.body = response;
  ctx.type = 'application/json';
}
