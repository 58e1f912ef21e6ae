import type { Context } from 'koa';
import { orderRepaired } from '../../facts.ts';
import { OrderNotFoundError } from '../../order/errors.ts';
import type { Order, OrderStatus } from '../../order/order.ts';
import { readJson } from '../../platform/http/json-body.ts';
import { activeTraceId } from '../../platform/http/observe.ts';
import { Problem } from '../../platform/http/problem.ts';
import { parseBody } from '../../platform/http/validation.ts';
import { requestFailure } from '../../store/moves.ts';
import { findOrder } from '../../store/orders.ts';
import { callerOf } from '../caller.ts';
import { failureRequest } from '../schemas.ts';
import type { AdminRoutes } from './admin.ts';
import { orderIdIn, showOrder } from './own-order.ts';

type Verb = 'retry' | 'reset' | 'fail-and-refund';

const repairable: Readonly<Record<Verb, readonly OrderStatus[]>> = {
  retry: ['pending', 'processing'],
  reset: ['pending', 'processing'],
  'fail-and-refund': ['processing'],
};

/** 202 with the order: its run was woken, or one was started. */
export async function retryOrder(deps: AdminRoutes, ctx: Context): Promise<void> {
  const order = await orderFor('retry', deps, ctx);
  await answer(deps, ctx, { verb: 'retry', orderId: order.id, outcome: await deps.resumeRun(order) });
}

/** 202 with the order: its run begins anew with what the order is by now. */
export async function resetOrder(deps: AdminRoutes, ctx: Context): Promise<void> {
  const order = await orderFor('reset', deps, ctx);
  const outcome = await deps.resetRun(order, `reset by ${callerOf(ctx)}`);
  await answer(deps, ctx, { verb: 'reset', orderId: order.id, outcome });
}

/** 202 with the order, which will be failed, once what was charged is given back; unless its customer has asked to cancel it. */
export async function failAndRefund(deps: AdminRoutes, ctx: Context): Promise<void> {
  const body = hasBody(ctx) ? await readJson(ctx) : {};
  const { reason } = parseBody(failureRequest, body);
  const id = orderIdIn(ctx);
  await requestFailure(deps.pool, {
    orderId: id,
    reason,
    detail: { by: callerOf(ctx), trace_id: activeTraceId() },
  });
  const asked = await findOrder(deps.pool, id);
  // A repeat: it has come true.
  if (asked?.status === 'failed' && asked.failRequested !== null) return showOrder(ctx, asked);
  const order = repairableBy('fail-and-refund', id, asked);
  await answer(deps, ctx, { verb: 'fail-and-refund', orderId: id, outcome: await deps.resumeRun(order) });
}

async function orderFor(verb: Verb, { pool }: AdminRoutes, ctx: Context): Promise<Order> {
  const id = orderIdIn(ctx);
  return repairableBy(verb, id, await findOrder(pool, id));
}

/** Anybody's order; 404 when there is none, 409 when it has a status that the repair is not for. */
function repairableBy(verb: Verb, id: string, order: Order | undefined): Order {
  if (order === undefined) throw new OrderNotFoundError(id);
  if (repairable[verb].includes(order.status)) return order;
  const detail = `The order is ${order.status}; ${verb} is for what is ${repairable[verb].join(' or ')}.`;
  throw new Problem(409, 'wrong_order_status', detail);
}

async function answer(
  { pool, log }: AdminRoutes,
  ctx: Context,
  { verb, orderId, outcome }: { verb: Verb; orderId: string; outcome: string },
): Promise<void> {
  orderRepaired(log, { orderId, verb, outcome, caller: callerOf(ctx) });
  const order = await findOrder(pool, orderId);
  if (order === undefined) throw new OrderNotFoundError(orderId);
  ctx.status = 202;
  ctx.set('Retry-After', '1');
  showOrder(ctx, order);
}

const hasBody = (ctx: Context): boolean =>
  (ctx.request.length ?? 0) > 0 || ctx.get('transfer-encoding') !== '';
