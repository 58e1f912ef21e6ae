import type { Context } from 'koa';
import { Problem } from '../../platform/http/problem.ts';
import { parseQuery } from '../../platform/http/validation.ts';
import { findLetter, listLetters } from '../../store/dead-letter-lists.ts';
import { listReplays } from '../../store/replays.ts';
import { letterListQuery } from '../dead-letter-schemas.ts';
import { presentLetterCursor, readLetterCursor } from '../letter-cursor.ts';
import { presentLetter, presentWholeLetter } from '../present-dead-letters.ts';
import type { DeadLetterRoutes } from './dead-letters.ts';
import { linkNeighbours, pageOf, placeIn, usualLimit } from './pages.ts';

/** `{items, next}`, newest first; each without its value, which is read with the letter. */
export async function listAllLetters({ pool }: DeadLetterRoutes, ctx: Context): Promise<void> {
  const {
    cursor,
    limit = usualLimit,
    event_id: eventId,
    ...filter
  } = parseQuery(letterListQuery, { ...ctx.query });
  const position = placeIn(cursor, readLetterCursor);
  // One more than is shown tells whether another page follows.
  const found = await listLetters(pool, { ...filter, eventId }, { position, limit: limit + 1 });
  const page = pageOf(
    { items: found.letters, isCut: found.isCut },
    { from: position, limit },
    (place, direction) => presentLetterCursor(direction === 'older' ? { older: place } : { newer: place }),
  );
  const { from, to, ...rest } = filter;
  const times = { from: from?.toISOString(), to: to?.toISOString() };
  linkNeighbours(ctx, page, { ...rest, ...times, event_id: eventId, limit });
  ctx.body = { items: page.shown.map(presentLetter), next: page.next };
}

/** One with its value and its replays; in the path each / of its id is written as %2F. */
export async function readLetter({ pool }: DeadLetterRoutes, ctx: Context): Promise<void> {
  const id = String(ctx.params.id);
  // Postgres has no U+0000 in text, and would not take it for an id that it does not know.
  const letter = id.includes('\0') ? undefined : await findLetter(pool, id);
  if (letter === undefined) {
    const detail = 'No dead letter has this id; take one from GET /v1/dlq/messages, with each / as %2F.';
    throw new Problem(404, 'dead_letter_not_found', detail);
  }
  ctx.set('Cache-Control', 'no-store');
  ctx.body = presentWholeLetter(letter, await listReplays(pool, id));
}
