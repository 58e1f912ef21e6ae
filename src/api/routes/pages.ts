import type { Context } from 'koa';
import { type Parameters, setLinks } from '../../platform/http/links.ts';
import { Problem } from '../../platform/http/problem.ts';
import { parseQuery } from '../../platform/http/validation.ts';
import type { Position } from '../../store/page.ts';
import { presentCursor, readCursor } from '../present.ts';
import { pageQuery } from '../schemas.ts';

export const usualLimit = 20;

interface Identified {
  readonly id: string;
}

interface Found<Of> {
  /** Newest first; one more than the limit where there is one. */
  readonly items: readonly Of[];
  /** True when there were more than these, whatever the limit. */
  readonly isCut?: boolean;
}

interface Page<Of> {
  readonly shown: readonly Of[];
  /** Cursors of the older and of the newer neighbour; null where there is none. */
  readonly next: string | null;
  readonly prev: string | null;
}

type Direction = 'older' | 'newer';

/** The cursor of what lies beyond an item that has an id, in that direction. */
export function cursorAtId({ id }: Identified, direction: Direction): string {
  return presentCursor(direction === 'older' ? { older: id } : { newer: id });
}

/** What to show of what was found. */
export function pageOf<Of>(
  { items, isCut = false }: Found<Of>,
  { from, limit }: { from: object | undefined; limit: number },
  cursorAt: (item: Of, direction: Direction) => string,
): Page<Of> {
  const hasMore = isCut || items.length > limit;
  const isUpward = from !== undefined && 'newer' in from;
  const shown = isUpward ? items.slice(-limit) : items.slice(0, limit);
  const [newest, oldest] = [shown.at(0), shown.at(-1)];
  if (newest === undefined || oldest === undefined) return { shown, next: null, prev: null };
  // Whoever came by a cursor came from a neighbour: what the cursor names lies there.
  const hasOlder = isUpward || hasMore;
  const hasNewer = isUpward ? hasMore : from !== undefined;
  return {
    shown,
    next: hasOlder ? cursorAt(oldest, 'older') : null,
    prev: hasNewer ? cursorAt(newest, 'newer') : null,
  };
}

export function positionIn(cursor: string | undefined): Position | undefined {
  return placeIn(cursor, readCursor);
}

/** What `read` makes of a cursor; 400 when it makes nothing of it. `pointer` is where in the request it stands. */
export function placeIn<Place>(
  cursor: string | undefined,
  read: (cursor: string) => Place | undefined,
  pointer = '?cursor',
): Place | undefined {
  if (cursor === undefined) return undefined;
  const place = read(cursor);
  if (place !== undefined) return place;
  throw new Problem(400, 'validation_failed', 'Take the cursor from next of an earlier page.', {
    errors: [{ pointer, detail: 'is not a cursor of this list' }],
  });
}

/** `Link` to both neighbours of a page that was asked for by cursor, with what was asked for beside it. */
export function linkNeighbours(
  ctx: Context,
  { next, prev }: Pick<Page<unknown>, 'next' | 'prev'>,
  { limit, ...rest }: Parameters & { readonly limit: number },
): void {
  const link = (cursor: string | null) => (cursor === null ? undefined : { ...rest, cursor, limit });
  setLinks(ctx, { next: link(next), prev: link(prev) });
}

export interface Asked {
  readonly from: Position | undefined;
  /** One more than is shown tells whether another page follows. */
  readonly limit: number;
}

/** `{items, next}`, newest first, by `cursor` and `limit` alone. */
export async function showPage<Of extends Identified>(
  ctx: Context,
  list: (asked: Asked) => Promise<readonly Of[]>,
  present: (item: Of) => object,
): Promise<void> {
  const { cursor, limit = usualLimit } = parseQuery(pageQuery, { ...ctx.query });
  const from = positionIn(cursor);
  const page = pageOf({ items: await list({ from, limit: limit + 1 }) }, { from, limit }, cursorAtId);
  linkNeighbours(ctx, page, { limit });
  ctx.body = { items: page.shown.map(present), next: page.next };
}
