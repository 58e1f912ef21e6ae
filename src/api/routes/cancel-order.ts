import type { Context } from 'koa';
import { cancelDecided } from '../../facts.ts';
import { OrderNotFoundError } from '../../order/errors.ts';
import { orderCanceled } from '../../order/events.ts';
import type { Order } from '../../order/order.ts';
import { readOptionalIdempotencyKey } from '../../platform/http/idempotency-key.ts';
import { insistsOnState, preconditionFailed, requireMatch } from '../../platform/http/preconditions.ts';
import { Problem } from '../../platform/http/problem.ts';
import { activeTraceparent } from '../../platform/telemetry.ts';
import type { WakeRun } from '../../runs/wake-run.ts';
import { cancelOrder as cancelInStore } from '../../store/moves.ts';
import { findOrder } from '../../store/orders.ts';
import { versionTag } from '../present.ts';
import { claimOnce } from './claim-once.ts';
import type { OrderRoutes } from './orders.ts';
import { ownOrder, showOrder } from './own-order.ts';

export interface CancelingRoutes extends OrderRoutes {
  readonly wakeRun: WakeRun;
}

/**
 * 200 once the order is canceled, 202 while it is only promised; 409 `too_late` for what is completed or failed; 412 when
 * If-Match names another state. With an Idempotency-Key, which it does not need, the key belongs to this order's cancel.
 */
export async function cancelOrder(deps: CancelingRoutes, ctx: Context): Promise<void> {
  const key = readOptionalIdempotencyKey(ctx);
  const order = await ownOrder(deps, ctx);
  // A repeat gets the answer of the first, whose tag the order has outgrown by it.
  if (order.cancelRequestedAt === null) requireMatch(ctx, versionTag(order));
  const operation = 'POST /v1/orders/{id}/cancel';
  const isRepeat = key !== undefined && (await claimOnce(deps, ctx, { operation, key, body: order.id }));
  const canceled = await cancel(deps, ctx, order);
  if (isRepeat) ctx.set('Idempotent-Replayed', 'true');
  if (canceled.status !== 'canceled') {
    ctx.status = 202;
    ctx.set('Retry-After', '1');
  }
  showOrder(ctx, canceled);
}

async function cancel(deps: CancelingRoutes, ctx: Context, order: Order): Promise<Order> {
  const { pool, signal, log, wakeRun } = deps;
  const canceled = await cancelInStore(pool, {
    orderId: order.id,
    // A state that the client named must still be there when it is decided.
    version: insistsOnState(ctx) ? order.version : undefined,
    event: orderCanceled({ ...order, orderId: order.id }, new Date()),
    traceparent: activeTraceparent(),
  });
  if ('isNew' in canceled && canceled.isNew) {
    signal();
    cancelDecided(log, canceled.order);
  }
  switch (canceled.outcome) {
    case 'canceled':
      return canceled.order;
    case 'requested':
      // It ends by itself when it looks; woken, it looks now.
      await wakeRun(order.id);
      return (await findOrder(pool, order.id)) ?? canceled.order;
    case 'too_late':
      throw new Problem(409, 'too_late', `The order is ${canceled.order.status}, and stays so.`);
    case 'version_gone':
      throw preconditionFailed(versionTag(canceled.order));
    case 'no_such_order':
      throw new OrderNotFoundError(order.id);
    default:
      return canceled satisfies never;
  }
}
