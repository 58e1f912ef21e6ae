import type { Context } from 'koa';
import { readFailedAttempt, readSteps } from '../../store/timeline.ts';
import { presentTimeline, presentTransactionTimeline } from '../present-timeline.ts';
import type { OrderRoutes } from './orders.ts';
import { ownOrder } from './own-order.ts';
import { ownTransaction } from './own-transaction.ts';

type Deps = Pick<OrderRoutes, 'pool'>;

/** What happened to the order in the path, from Postgres alone. */
export async function readTimeline(deps: Deps, ctx: Context): Promise<void> {
  const order = await ownOrder(deps, ctx);
  ctx.body = presentTimeline(order, await readHistory(deps, order.id));
}

export async function readTransactionTimeline(deps: Deps, ctx: Context): Promise<void> {
  const transaction = await ownTransaction(deps, ctx);
  ctx.body = presentTransactionTimeline(transaction, await readHistory(deps, transaction.id));
}

async function readHistory({ pool }: Deps, id: string) {
  const [steps, failedAttempt] = await Promise.all([readSteps(pool, id), readFailedAttempt(pool, id)]);
  return { steps, failedAttempt };
}
