import type { Context } from 'koa';
import { readFailedAttempt, readSteps } from '../../store/timeline.ts';
import { presentTimeline } from '../present-timeline.ts';
import type { OrderRoutes } from './orders.ts';
import { ownOrder } from './own-order.ts';

/** What happened to the order in the path, from Postgres alone. */
export async function readTimeline({ pool }: Pick<OrderRoutes, 'pool'>, ctx: Context): Promise<void> {
  const order = await ownOrder({ pool }, ctx);
  const [steps, failedAttempt] = await Promise.all([
    readSteps(pool, order.id),
    readFailedAttempt(pool, order.id),
  ]);
  ctx.body = presentTimeline(order, { steps, failedAttempt });
}
