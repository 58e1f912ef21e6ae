import type { Context } from 'koa';
import type { Order } from '../../order/order.ts';
import { type Parameters, setLinks } from '../../platform/http/links.ts';
import { Problem } from '../../platform/http/problem.ts';
import { parseQuery } from '../../platform/http/validation.ts';
import { type ListedOrders, listOrders } from '../../store/orders.ts';
import type { Position } from '../../store/page.ts';
import { callerOf } from '../caller.ts';
import { type OrderListAnswer, presentCursor, presentOrder, readCursor } from '../present.ts';
import { deepestOrder, orderListQuery } from '../schemas.ts';
import type { OrderRoutes } from './orders.ts';

/** `{items, next}`, newest first; `next` is the cursor of the following page, null on the last. `Link` names both neighbours. */
export async function listOwnOrders({ pool }: Pick<OrderRoutes, 'pool'>, ctx: Context): Promise<void> {
  const {
    status,
    page,
    page_size,
    cursor,
    limit = page_size ?? 20,
  } = parseQuery(orderListQuery, {
    ...ctx.query,
  });
  const isNumbered = (page ?? page_size) !== undefined;
  const number = page ?? 1;
  const from = cursor === undefined ? undefined : positionIn(cursor);
  const offset = (number - 1) * limit;
  // One more than asked for tells whether another page follows.
  const found = await listOrders(pool, { owner: callerOf(ctx), status, from, offset, limit: limit + 1 });
  // A numbered page that is cut short would lose orders between itself and the next.
  if (found.isCut && isNumbered) throw pageTooLarge();

  const { shown, next, prev } = pageOf(found, { from, limit });
  const numbered = (to: number): Parameters => ({ status, page: to, page_size: limit });
  const byCursor = (position: string): Parameters => ({ status, cursor: position, limit });
  if (isNumbered)
    setLinks(ctx, {
      next: next !== null && (number + 1) * limit <= deepestOrder ? numbered(number + 1) : undefined,
      prev: number > 1 ? numbered(number - 1) : undefined,
    });
  else
    setLinks(ctx, {
      next: next === null ? undefined : byCursor(next),
      prev: prev === null ? undefined : byCursor(prev),
    });
  ctx.body = { items: shown.map(presentOrder), next } satisfies OrderListAnswer;
}

interface Page {
  readonly shown: readonly Order[];
  /** Cursors of the older and of the newer neighbour; null where there is none. */
  readonly next: string | null;
  readonly prev: string | null;
}

function pageOf(
  { orders, isCut }: ListedOrders,
  { from, limit }: { from: Position | undefined; limit: number },
): Page {
  const hasMore = isCut || orders.length > limit;
  const isUpward = from !== undefined && 'newer' in from;
  const shown = isUpward ? orders.slice(-limit) : orders.slice(0, limit);
  const [newest, oldest] = [shown.at(0), shown.at(-1)];
  if (newest === undefined || oldest === undefined) return { shown, next: null, prev: null };
  // Whoever came by a cursor came from a neighbour: the order that the cursor names lies there.
  const hasOlder = isUpward || hasMore;
  const hasNewer = isUpward ? hasMore : from !== undefined;
  return {
    shown,
    next: hasOlder ? presentCursor({ older: oldest.id }) : null,
    prev: hasNewer ? presentCursor({ newer: newest.id }) : null,
  };
}

function pageTooLarge(): Problem {
  const detail = 'These orders are too large for one page; go through them with limit and cursor.';
  return new Problem(400, 'page_too_large', detail);
}

function positionIn(cursor: string): Position {
  const position = readCursor(cursor);
  if (position !== undefined) return position;
  throw new Problem(400, 'validation_failed', 'Take the cursor from next of an earlier page.', {
    errors: [{ pointer: '?cursor', detail: 'is not a cursor of this list' }],
  });
}
