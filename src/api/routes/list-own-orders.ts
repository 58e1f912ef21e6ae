import type { Context } from 'koa';
import { type Parameters, setLinks } from '../../platform/http/links.ts';
import { Problem } from '../../platform/http/problem.ts';
import { parseQuery } from '../../platform/http/validation.ts';
import { listOrders } from '../../store/orders.ts';
import { callerOf } from '../caller.ts';
import { type OrderListAnswer, presentOrder } from '../present.ts';
import { deepestOrder, orderListQuery } from '../schemas.ts';
import type { OrderRoutes } from './orders.ts';
import { cursorAtId, linkNeighbours, pageOf, positionIn, usualLimit } from './pages.ts';

/** `{items, next}`, newest first; `next` is the cursor of the following page, null on the last. `Link` names both neighbours. */
export async function listOwnOrders({ pool }: Pick<OrderRoutes, 'pool'>, ctx: Context): Promise<void> {
  const {
    status,
    page,
    page_size,
    cursor,
    limit = page_size ?? usualLimit,
  } = parseQuery(orderListQuery, {
    ...ctx.query,
  });
  const isNumbered = (page ?? page_size) !== undefined;
  const number = page ?? 1;
  const from = positionIn(cursor);
  const offset = (number - 1) * limit;
  // One more than asked for tells whether another page follows.
  const found = await listOrders(pool, { owner: callerOf(ctx), status, from, offset, limit: limit + 1 });
  // A numbered page that is cut short would lose orders between itself and the next.
  if (found.isCut && isNumbered) throw pageTooLarge();

  const { shown, next, prev } = pageOf(
    { items: found.orders, isCut: found.isCut },
    { from, limit },
    cursorAtId,
  );
  const numbered = (to: number): Parameters => ({ status, page: to, page_size: limit });
  if (isNumbered)
    setLinks(ctx, {
      next: next !== null && (number + 1) * limit <= deepestOrder ? numbered(number + 1) : undefined,
      prev: number > 1 ? numbered(number - 1) : undefined,
    });
  else linkNeighbours(ctx, { next, prev }, { status, limit });
  ctx.body = { items: shown.map(presentOrder), next } satisfies OrderListAnswer;
}

function pageTooLarge(): Problem {
  const detail = 'These orders are too large for one page; go through them with limit and cursor.';
  return new Problem(400, 'page_too_large', detail);
}
