import type { Context } from 'koa';
import { isOrderId } from '../../order/id.ts';
import { Problem } from '../../platform/http/problem.ts';
import { parseQuery } from '../../platform/http/validation.ts';
import { listOrders } from '../../store/orders.ts';
import { callerOf } from '../caller.ts';
import { type OrderListAnswer, presentCursor, presentOrder, readCursor } from '../present.ts';
import { orderListQuery } from '../schemas.ts';
import type { OrderRoutes } from './orders.ts';

/** `{items, next}`, newest first; `next` is the cursor of the following page, null on the last. */
export async function listOwnOrders({ pool }: Pick<OrderRoutes, 'pool'>, ctx: Context): Promise<void> {
  const {
    status,
    page,
    page_size,
    cursor,
    limit = page_size ?? 20,
  } = parseQuery(orderListQuery, { ...ctx.query });
  const { orders: found, isCut } = await listOrders(pool, {
    owner: callerOf(ctx),
    status,
    before: cursor === undefined ? undefined : orderIdIn(cursor),
    offset: ((page ?? 1) - 1) * limit,
    // One more than asked for tells whether another page follows.
    limit: limit + 1,
  });
  // A numbered page that is cut short would lose orders between itself and the next.
  if (isCut && (page ?? page_size) !== undefined) throw pageTooLarge();
  const shown = found.slice(0, limit);
  const last = isCut || found.length > limit ? shown.at(-1) : undefined;
  ctx.body = {
    items: shown.map(presentOrder),
    next: last === undefined ? null : presentCursor(last.id),
  } satisfies OrderListAnswer;
}

function pageTooLarge(): Problem {
  const detail = 'These orders are too large for one page; go through them with limit and cursor.';
  return new Problem(400, 'page_too_large', detail);
}

function orderIdIn(cursor: string): string {
  const id = readCursor(cursor);
  if (isOrderId(id)) return id;
  throw new Problem(400, 'validation_failed', 'Take the cursor from next of an earlier page.', {
    errors: [{ pointer: '?cursor', detail: 'is not a cursor of this list' }],
  });
}
