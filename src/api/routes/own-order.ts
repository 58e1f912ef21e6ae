import type { Context } from 'koa';
import { OrderNotFoundError } from '../../order/errors.ts';
import type { Order } from '../../order/order.ts';
import { findOrder } from '../../store/orders.ts';
import { callerOf } from '../caller.ts';
import { presentOrder } from '../present.ts';
import type { OrderRoutes } from './orders.ts';
import { idInPath, show, showIfNew } from './show.ts';

export async function readOrder(deps: Pick<OrderRoutes, 'pool'>, ctx: Context): Promise<void> {
  showIfNew(ctx, await ownOrder(deps, ctx), presentOrder);
}

/** The order in the path; 404 when it is somebody else's, as if it were not there. */
export async function ownOrder({ pool }: Pick<OrderRoutes, 'pool'>, ctx: Context): Promise<Order> {
  const id = orderIdIn(ctx);
  const order = await findOrder(pool, id);
  if (order === undefined || order.owner !== callerOf(ctx)) throw new OrderNotFoundError(id);
  return order;
}

export function orderIdIn(ctx: Context): string {
  return idInPath(ctx, 'an order');
}

export function showOrder(ctx: Context, order: Order): void {
  show(ctx, order, presentOrder);
}
