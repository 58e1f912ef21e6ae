import type { Context } from 'koa';
import { acceptReplayed, orderAccepted } from '../../facts.ts';
import { newOrderId } from '../../order/id.ts';
import { type Order, pendingOrder } from '../../order/order.ts';
import { readIdempotencyKey } from '../../platform/http/idempotency-key.ts';
import { readJson } from '../../platform/http/json-body.ts';
import { activeTraceId } from '../../platform/http/observe.ts';
import { Problem } from '../../platform/http/problem.ts';
import { parseBody } from '../../platform/http/validation.ts';
import { activeTraceparent } from '../../platform/telemetry.ts';
import type { Claim, PlaceOrder } from '../../store/placement.ts';
import { callerOf } from '../caller.ts';
import { fingerprint } from '../fingerprint.ts';
import { orderTag, presentOrder } from '../present.ts';
import { newOrder } from '../schemas.ts';
import type { OrderRoutes } from './orders.ts';

/** 202 once key, order and event are durable together; a repeat gets the first answer's bytes, another body 422. */
export async function createOrder(
  { signal, log, idempotencyTtlMs }: OrderRoutes,
  placeOrder: PlaceOrder,
  ctx: Context,
): Promise<void> {
  const key = readIdempotencyKey(ctx);
  const body = await readJson(ctx);
  const order = orderFrom(ctx, body);
  const response = JSON.stringify(presentOrder(order));
  const claim: Claim = {
    caller: order.owner,
    operation: 'POST /v1/orders',
    key,
    fingerprint: fingerprint(body),
    ttlMs: idempotencyTtlMs,
  };
  const placed = await placeOrder({ order, response, claim, traceparent: activeTraceparent() });
  switch (placed.outcome) {
    case 'placed':
      signal();
      orderAccepted(log, order);
      return accept(ctx, order.id, response);
    case 'replayed':
      acceptReplayed(log, placed.orderId);
      ctx.set('Idempotent-Replayed', 'true');
      return accept(ctx, placed.orderId, placed.response);
    case 'key_reused': {
      const detail = 'This Idempotency-Key belongs to another request; send a new key for a new order.';
      throw new Problem(422, 'idempotency_key_reused', detail);
    }
    default:
      placed satisfies never;
  }
}

function orderFrom(ctx: Context, body: unknown): Order {
  const { customer_email, amountCents, currency, merchant_id = null, items } = parseBody(newOrder, body);
  const origin = { owner: callerOf(ctx), traceId: activeTraceId(), correlationId: ctx.state.requestId };
  const given = { customerEmail: customer_email, amountCents, currency, merchantId: merchant_id, items };
  return pendingOrder(newOrderId(), { ...origin, ...given }, new Date());
}

function accept(ctx: Context, orderId: string, response: string): void {
  ctx.status = 202;
  ctx.set({ Location: `/v1/orders/${orderId}`, ETag: orderTag({ version: 1 }), 'Retry-After': '1' });
  ctx.body = response;
  ctx.type = 'application/json';
}
