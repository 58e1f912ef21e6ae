import type { Context } from 'koa';
import { isId } from '../../core/id.ts';
import { OrderNotFoundError } from '../../order/errors.ts';
import type { Order } from '../../order/order.ts';
import { isKnown, requireMatch } from '../../platform/http/preconditions.ts';
import { Problem } from '../../platform/http/problem.ts';
import { findOrder } from '../../store/orders.ts';
import { callerOf } from '../caller.ts';
import { orderTag, presentOrder } from '../present.ts';
import type { OrderRoutes } from './orders.ts';

/** 200 with the order, 304 when the client's is as new, 412 when it insists on another state. */
export async function readOrder(deps: Pick<OrderRoutes, 'pool'>, ctx: Context): Promise<void> {
  const order = await ownOrder(deps, ctx);
  requireMatch(ctx, orderTag(order));
  showOrder(ctx, order);
  if (isKnown(ctx, orderTag(order))) ctx.status = 304;
}

/** The order in the path; 404 when it is somebody else's, as if it were not there. */
export async function ownOrder({ pool }: Pick<OrderRoutes, 'pool'>, ctx: Context): Promise<Order> {
  const id = orderIdIn(ctx);
  const order = await findOrder(pool, id);
  if (order === undefined || order.owner !== callerOf(ctx)) throw new OrderNotFoundError(id);
  return order;
}

/** The id in the path; 400 when it is none. */
export function orderIdIn(ctx: Context): string {
  const id = String(ctx.params.id);
  if (isId(id)) return id;
  throw new Problem(400, 'validation_failed', 'Send the id of an order, as its Location has it.', {
    errors: [{ pointer: '/id', detail: 'is not a UUID' }],
  });
}

export function showOrder(ctx: Context, order: Order): void {
  // Kept by the caller if it likes, but asked for each time: that is what the tag is for.
  ctx.set({ ETag: orderTag(order), 'Cache-Control': 'no-cache' });
  ctx.body = presentOrder(order);
}
