import type { Context } from 'koa';
import { orderEnded } from '../../facts.ts';
import { OrderNotFoundError } from '../../order/errors.ts';
import { orderCanceled } from '../../order/events.ts';
import type { Order } from '../../order/order.ts';
import { readOptionalIdempotencyKey } from '../../platform/http/idempotency-key.ts';
import { insistsOnState, preconditionFailed, requireMatch } from '../../platform/http/preconditions.ts';
import { Problem } from '../../platform/http/problem.ts';
import { activeTraceparent } from '../../platform/telemetry.ts';
import { moveOrder } from '../../store/orders.ts';
import { orderTag } from '../present.ts';
import { claimOnce } from './claim-once.ts';
import type { OrderRoutes } from './orders.ts';
import { ownOrder, showOrder } from './own-order.ts';

/**
 * 200 for an order that was pending, or is canceled already; 409 `too_late` from `processing` on; 412 when If-Match names
 * another state. With an Idempotency-Key, which it does not need, the key belongs to this order's cancel from then on.
 */
export async function cancelOrder(deps: OrderRoutes, ctx: Context): Promise<void> {
  const key = readOptionalIdempotencyKey(ctx);
  const order = await ownOrder(deps, ctx);
  if (order.status !== 'canceled') requireMatch(ctx, orderTag(order));
  const operation = 'POST /v1/orders/{id}/cancel';
  const isRepeat = key !== undefined && (await claimOnce(deps, ctx, { operation, key, body: order.id }));
  const canceled = order.status === 'canceled' ? order : await cancel(deps, ctx, order);
  // What a canceled order looks like never changes again: shown anew, it is the first answer byte for byte.
  if (isRepeat) ctx.set('Idempotent-Replayed', 'true');
  showOrder(ctx, canceled);
}

async function cancel({ pool, signal, log }: OrderRoutes, ctx: Context, order: Order): Promise<Order> {
  const moved = await moveOrder(pool, {
    orderId: order.id,
    from: 'pending',
    to: 'canceled',
    // A state that the client named must still be there when the order moves.
    version: insistsOnState(ctx) ? order.version : undefined,
    event: orderCanceled({ ...order, orderId: order.id }, new Date()),
    traceparent: activeTraceparent(),
  });
  switch (moved.outcome) {
    case 'moved':
      signal();
      orderEnded(log, moved.order);
      return moved.order;
    case 'already_there':
      return moved.order;
    case 'refused': {
      if (insistsOnState(ctx) && moved.order.version !== order.version)
        throw preconditionFailed(orderTag(moved.order));
      const detail = `The order is ${moved.order.status}; only a pending order can be canceled.`;
      throw new Problem(409, 'too_late', detail);
    }
    case 'no_such_order':
      throw new OrderNotFoundError(order.id);
    default:
      return moved satisfies never;
  }
}
