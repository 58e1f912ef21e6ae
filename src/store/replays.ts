import { sql } from 'slonik';
import { z } from 'zod';
import type { Pool } from './pool.ts';

export interface NewReplay {
  readonly id: string;
  readonly letterId: string;
  readonly eventId: string | null;
  /** With an edit: what is sent in place of the letter's value, and the event that it was made from. */
  readonly edit?: { readonly value: Buffer; readonly causationId: string | null } | undefined;
}

const letterIdRow = z.object({ letter_id: z.string() });

/**
 * Asks for these, of letters that have been replayed fewer than `most` times and wait for no other replay.
 * Resolves to the letters that will be; each is counted and written down with its request, or not at all.
 */
export async function requestReplays(
  pool: Pool,
  replays: readonly NewReplay[],
  { caller, most }: { caller: string; most: number },
): Promise<ReadonlySet<string>> {
  const given = replays.map(({ id, letterId, eventId, edit }) => [
    id,
    letterId,
    eventId,
    edit?.causationId ?? null,
    edit?.value.toString('base64') ?? null,
  ]);
  const rows = await pool.rows(sql.type(letterIdRow)`
    with given as (
      select * from ${sql.unnest(given, ['uuid', 'text', 'text', 'text', 'text'])}
        as given (replay_id, letter_id, event_id, causation_id, value)
    ), held as materialized (
      select id from dead_letters join given on given.letter_id = id
      where replays < ${most} and replay_waiting is null
      -- Everywhere the same order: two requests must not wait for each other in a circle.
      order by id for update of dead_letters
    ), counted as (
      update dead_letters set replays = replays + 1, replayed_at = now(), replay_waiting = replay_id
      from held join given on given.letter_id = held.id
      where dead_letters.id = held.id
      returning dead_letters.id
    )
    insert into replays (id, letter_id, event_id, causation_id, edited_value, caller, requested_at)
    select replay_id, letter_id, event_id, causation_id, decode(value, 'base64'), ${caller}, now()
    from given join counted on counted.id = letter_id
    returning letter_id`);
  return new Set(rows.map(({ letter_id }) => letter_id));
}

const historyRow = z.object({
  id: z.string(),
  event_id: z.string().nullable(),
  causation_id: z.string().nullable(),
  is_edited: z.boolean(),
  caller: z.string(),
  requested_at: z.date(),
  ended_at: z.date().nullable(),
  outcome: z.string(),
});
export type PastReplay = z.output<typeof historyRow>;

/** All of a letter, oldest first: no more than it may be replayed. */
export function listReplays(pool: Pool, letterId: string): Promise<readonly PastReplay[]> {
  return pool.rows(sql.type(historyRow)`
    select
      id, event_id, causation_id, edited_value is not null as is_edited, caller, requested_at, ended_at, outcome
    from replays where letter_id = ${letterId} order by id`);
}
