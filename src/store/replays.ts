import { sql } from 'slonik';
import { z } from 'zod';
import { letterHeaders } from './dead-letter-row.ts';
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

// Any constant of the product's own: keepers claim one after the other, and so keep to one rate.
const turnLock = 7_426_001;
// Whoever has not sent one after so long has died.
const claimSeconds = 30;

const idRow = z.object({ id: z.string() });

/** The oldest that wait, as many as all keepers together may still send within this second. */
export async function claimReplays(pool: Pool, perSecond: number): Promise<readonly string[]> {
  const rows = await pool.rows(sql.type(idRow)`
    with turn as materialized (
      select pg_try_advisory_xact_lock(${turnLock}) as is_mine
    ), room as materialized (
      select greatest(0, ${perSecond} - count(*))::int8 as left_over
      from replays where claimed_at > now() - interval '1 second'
    )
    update replays set claimed_at = now()
    where id in (
      select id from replays
      where ended_at is null and coalesce(claimed_at, '-infinity') < now() - make_interval(secs => ${claimSeconds})
        and (select is_mine from turn)
      order by id limit (select left_over from room)
      for update skip locked
    )
    returning id`);
  return rows.map(({ id }) => id).toSorted();
}

/** What could not be sent may be claimed at once. */
export async function releaseReplays(pool: Pool, ids: readonly string[]): Promise<void> {
  await pool.rows(sql.unsafe`
    update replays set claimed_at = null where id = any(${sql.array([...ids], 'uuid')}) and ended_at is null`);
}

const bytes = z.custom<Buffer>().nullable();
const replayRow = z.object({
  id: z.string(),
  event_id: z.string().nullable(),
  causation_id: z.string().nullable(),
  edited_value: bytes,
  consumer_group: z.string().nullable(),
  topic: z.string(),
  partition: z.number(),
  record_offset: z.number(),
  key: bytes,
  value: bytes,
  headers: letterHeaders,
  reason: z.string(),
});
export type Replay = z.output<typeof replayRow>;

/** With its letter; undefined when that is gone. */
export async function readReplay(pool: Pool, id: string): Promise<Replay | undefined> {
  const [replay] = await pool.rows(sql.type(replayRow)`
    select
      replays.id, replays.event_id, causation_id, edited_value,
      consumer_group, topic, partition, record_offset, key, value, headers, reason
    from replays join dead_letters on dead_letters.id = letter_id
    where replays.id = ${id}`);
  return replay;
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

export type ReplayOutcome = 'sent' | 'refused' | 'letter_gone';

/** It waits no longer, and its letter may be replayed again. */
export async function endReplays(
  pool: Pool,
  ended: readonly { readonly id: string; readonly outcome: ReplayOutcome }[],
): Promise<void> {
  const given = sql.unnest(
    ended.map(({ id, outcome }) => [id, outcome]),
    ['uuid', 'text'],
  );
  await pool.rows(sql.unsafe`
    with ended as (
      update replays set ended_at = now(), outcome = given.outcome
      from ${given} as given (id, outcome)
      where replays.id = given.id and ended_at is null
      returning replays.id, letter_id
    )
    update dead_letters set replay_waiting = null
    from ended where dead_letters.id = ended.letter_id and replay_waiting = ended.id`);
}
