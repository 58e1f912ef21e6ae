import type { Context } from 'koa';
import { readJson } from '../../platform/http/json-body.ts';
import { Problem } from '../../platform/http/problem.ts';
import { parseBody } from '../../platform/http/validation.ts';
import { findLettersBetween, findLettersNamed } from '../../store/dead-letter-lists.ts';
import { callerOf } from '../caller.ts';
import { replayRangeRequest, replayRequest } from '../dead-letter-schemas.ts';
import { presentLetterCursor, readUpwardCursor } from '../letter-cursor.ts';
import { presentReplays } from '../present-replays.ts';
import { replayLetters, type Wish } from '../replay-letters.ts';
import { mostLetters, notFound } from '../replay-outcome.ts';
import type { DeadLetterRoutes } from './dead-letters.ts';
import { placeIn } from './pages.ts';

/** A result for each letter of each name that was given, in that order; an unknown name has one too. */
export async function replayNamed(deps: DeadLetterRoutes, ctx: Context): Promise<void> {
  const { event_ids, dry_run: isDryRun, edits = {} } = parseBody(replayRequest, await readJson(ctx));
  const names = [...new Set(event_ids)];
  const editOf = new Map(Object.entries(edits));
  refuseStrayEdits(names, [...editOf.keys()]);
  const letters = await findLettersNamed(deps.pool, { names, limit: mostLetters + 1 });
  if (letters.length > mostLetters) throw tooMany();
  const [byId, byEvent] = [
    new Map(letters.map((letter) => [letter.id, letter])),
    Map.groupBy(letters, ({ event_id }) => event_id),
  ];
  const wishes = names.flatMap((asked): Wish[] => {
    const one = byId.get(asked);
    const named = one === undefined ? (byEvent.get(asked) ?? []) : [one];
    return named.map((letter) => ({ asked, letter, edit: editOf.get(asked) }));
  });
  const results = await replayLetters(deps, wishes, { isDryRun, caller: callerOf(ctx) });
  const unknown = names
    .filter((asked) => !results.some((result) => result.asked === asked))
    .map((asked) => ({ asked, ...notFound }));
  const inOrder = [...results, ...unknown].toSorted(
    (a, b) => names.indexOf(a.asked) - names.indexOf(b.asked),
  );
  ctx.body = presentReplays(inOrder, { isDryRun });
}

/** A result for each letter of the time, oldest first. */
export async function replayRange(deps: DeadLetterRoutes, ctx: Context): Promise<void> {
  const body = parseBody(replayRangeRequest, await readJson(ctx));
  const { start_time: from, end_time: to, max_messages: most, cursor, dry_run: isDryRun } = body;
  const after = placeIn(cursor, readUpwardCursor, '/cursor');
  // One more than asked for tells whether to go on.
  const found = await findLettersBetween(deps.pool, { from, to, after, limit: most + 1 });
  const taken = found.slice(0, most);
  const wishes = taken.map((letter) => ({ asked: letter.id, letter }));
  const results = await replayLetters(deps, wishes, { isDryRun, caller: callerOf(ctx) });
  const [last, beyond] = [taken.at(-1), found[most]];
  ctx.body = {
    ...presentReplays(results, { isDryRun }),
    next_start_time: beyond?.at.toISOString() ?? null,
    // A time alone does not get past more letters of one millisecond than a request takes.
    next: last && beyond ? presentLetterCursor({ newer: last }) : null,
  };
}

function refuseStrayEdits(names: readonly string[], edited: readonly string[]): void {
  const stray = edited.filter((name) => !names.includes(name));
  if (stray.length === 0) return;
  throw new Problem(400, 'validation_failed', 'Name in event_ids whatever you edit.', {
    errors: stray
      .slice(0, 20)
      .map((name) => ({ pointer: `/edits/${name}`, detail: 'does not stand in event_ids' })),
  });
}

function tooMany(): Problem {
  return new Problem(400, 'validation_failed', 'Name fewer; each event may be in several letters.', {
    errors: [{ pointer: '/event_ids', detail: `stand for more than ${mostLetters} letters` }],
  });
}
