import type { Context } from 'koa';
import { orderEnded } from '../../facts.ts';
import { OrderNotFoundError } from '../../order/errors.ts';
import { orderCanceled } from '../../order/events.ts';
import { Problem } from '../../platform/http/problem.ts';
import { activeTraceparent } from '../../platform/telemetry.ts';
import { moveOrder } from '../../store/orders.ts';
import type { OrderRoutes } from './orders.ts';
import { ownOrder, showOrder } from './own-order.ts';

/** 200 for an order that was pending, or is canceled already; 409 `too_late` from `processing` on. */
export async function cancelOrder({ pool, signal, log }: OrderRoutes, ctx: Context): Promise<void> {
  const order = await ownOrder({ pool }, ctx);
  const moved = await moveOrder(pool, {
    orderId: order.id,
    from: 'pending',
    to: 'canceled',
    event: orderCanceled({ ...order, orderId: order.id }, new Date()),
    traceparent: activeTraceparent(),
  });
  switch (moved.outcome) {
    case 'moved':
      signal();
      orderEnded(log, moved.order);
      return showOrder(ctx, moved.order);
    case 'already_there':
      return showOrder(ctx, moved.order);
    case 'refused':
      throw new Problem(
        409,
        'too_late',
        `The order is ${moved.order.status}; only a pending order can be canceled.`,
      );
    case 'no_such_order':
      throw new OrderNotFoundError(order.id);
    default:
      moved satisfies never;
  }
}
