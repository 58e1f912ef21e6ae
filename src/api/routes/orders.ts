import Router from '@koa/router';
import type { Context } from 'koa';
import { acceptReplayed, orderAccepted, orderEnded } from '../../facts.ts';
import { OrderNotFoundError } from '../../order/errors.ts';
import { orderCanceled } from '../../order/events.ts';
import { isOrderId, newOrderId } from '../../order/id.ts';
import type { Order } from '../../order/order.ts';
import { readIdempotencyKey } from '../../platform/http/idempotency-key.ts';
import { readJson } from '../../platform/http/json-body.ts';
import { activeTraceId } from '../../platform/http/observe.ts';
import { Problem } from '../../platform/http/problem.ts';
import { parseBody, parseQuery } from '../../platform/http/validation.ts';
import type { Logger } from '../../platform/logger.ts';
import { injectTrace } from '../../platform/telemetry.ts';
import { findOrder, listOrders, moveOrder } from '../../store/orders.ts';
import type { Trail } from '../../store/outbox.ts';
import type { OutboxSignal } from '../../store/outbox-signal.ts';
import { placeOrder } from '../../store/placement.ts';
import type { Pool } from '../../store/pool.ts';
import { fingerprint } from '../fingerprint.ts';
import { orderTag, presentCursor, presentOrder, readCursor } from '../present.ts';
import { newOrder, orderListQuery } from '../schemas.ts';

export interface OrderRoutes {
  readonly pool: Pool;
  readonly signal: OutboxSignal;
  readonly log: Logger;
  readonly idempotencyTtlMs: number;
}

// Everyone, as long as requests carry no identity of their own.
const anonymous = 'anonymous';

export function orderRoutes(deps: OrderRoutes): Router {
  const router = new Router({ prefix: '/v1/orders' });
  router.post('/', (ctx) => create(deps, ctx));
  router.get('/', (ctx) => list(deps, ctx));
  router.get('/:id', (ctx) => get(deps, ctx));
  router.post('/:id/cancel', (ctx) => cancel(deps, ctx));
  return router;
}

async function create({ pool, signal, log, idempotencyTtlMs }: OrderRoutes, ctx: Context): Promise<void> {
  const key = readIdempotencyKey(ctx);
  const body = await readJson(ctx);
  const { customer_email, amountCents, currency, merchant_id, items } = parseBody(newOrder, body);
  const now = new Date();
  const order: Order = {
    id: newOrderId(),
    owner: anonymous,
    customerEmail: customer_email,
    amountCents,
    currency,
    merchantId: merchant_id ?? null,
    items,
    status: 'pending',
    paymentState: 'none',
    failureReason: null,
    version: 1,
    traceId: activeTraceId(),
    createdAt: now,
    updatedAt: now,
  };
  const response = JSON.stringify(presentOrder(order));
  const claim = {
    caller: anonymous,
    operation: 'POST /v1/orders',
    key,
    fingerprint: fingerprint(body),
    ttlMs: idempotencyTtlMs,
  };
  const placed = await placeOrder(pool, order, response, claim, trailOf(ctx));
  if (placed.outcome === 'key_reused') {
    throw new Problem(
      422,
      'idempotency_key_reused',
      'This Idempotency-Key belongs to another request; send a new key for a new order.',
    );
  }
  if (placed.outcome === 'placed') {
    signal();
    orderAccepted(log, order);
    return accepted(ctx, order.id, response);
  }
  acceptReplayed(log, placed.orderId);
  ctx.set('Idempotent-Replayed', 'true');
  accepted(ctx, placed.orderId, placed.response);
}

function accepted(ctx: Context, orderId: string, response: string): void {
  ctx.status = 202;
  ctx.set({ Location: `/v1/orders/${orderId}`, ETag: orderTag({ version: 1 }), 'Retry-After': '1' });
  ctx.body = response;
  ctx.type = 'application/json';
}

async function list({ pool }: OrderRoutes, ctx: Context): Promise<void> {
  const { status, page = 1, page_size, cursor, limit: given } = parseQuery(orderListQuery, { ...ctx.query });
  const limit = given ?? page_size ?? 20;
  const before = cursor === undefined ? undefined : readCursor(cursor);
  if (before !== undefined && !isOrderId(before)) {
    throw new Problem(400, 'validation_failed', 'Take the cursor from next of an earlier page.', {
      errors: [{ pointer: '?cursor', detail: 'is not a cursor of this list' }],
    });
  }
  // One more than asked for tells whether another page follows.
  const found = await listOrders(pool, {
    owner: anonymous,
    status,
    before,
    offset: (page - 1) * limit,
    limit: limit + 1,
  });
  const shown = found.slice(0, limit);
  const last = found.length > limit ? shown.at(-1) : undefined;
  ctx.body = { items: shown.map(presentOrder), next: last === undefined ? null : presentCursor(last.id) };
}

async function get({ pool }: OrderRoutes, ctx: Context): Promise<void> {
  show(ctx, await ownOrder(pool, ctx));
}

async function cancel({ pool, signal, log }: OrderRoutes, ctx: Context): Promise<void> {
  const order = await ownOrder(pool, ctx);
  const moved = await moveOrder(pool, {
    orderId: order.id,
    from: 'pending',
    to: 'canceled',
    event: orderCanceled({ ...order, orderId: order.id }, new Date()),
    trail: trailOf(ctx),
  });
  if (moved.outcome === 'no_such_order') throw new OrderNotFoundError(order.id);
  if (moved.outcome === 'refused') {
    throw new Problem(
      409,
      'too_late',
      `The order is ${moved.order.status}; only a pending order can be canceled.`,
    );
  }
  if (moved.outcome === 'moved') {
    signal();
    orderEnded(log, moved.order);
  }
  show(ctx, moved.order);
}

async function ownOrder(pool: Pool, ctx: Context): Promise<Order> {
  const id = String(ctx.params.id);
  if (!isOrderId(id)) {
    throw new Problem(400, 'validation_failed', 'Send the id of an order, as its Location has it.', {
      errors: [{ pointer: '/id', detail: 'is not a UUID' }],
    });
  }
  const order = await findOrder(pool, id);
  if (order === undefined || order.owner !== anonymous) throw new OrderNotFoundError(id);
  return order;
}

function show(ctx: Context, order: Order): void {
  ctx.set('ETag', orderTag(order));
  ctx.body = presentOrder(order);
}

function trailOf(ctx: Context): Trail {
  return { traceparent: injectTrace().traceparent ?? null, correlationId: ctx.state.requestId };
}
