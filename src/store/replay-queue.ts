import { sql } from 'slonik';
import { z } from 'zod';
import type { Pool } from './pool.ts';
import { storedHeaders } from './stored-headers.ts';

// The replays that wait, on their way to the topic of retries: claimed, read with their letter, ended.

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
      from (
        select from replays where claimed_at > now() - interval '1 second'
        -- In the order of its index, which holds the whole past.
        order by claimed_at desc limit ${perSecond}
      ) as claimed
    ), due as materialized (
      select id from replays
      where ended_at is null and coalesce(claimed_at, '-infinity') < now() - make_interval(secs => ${claimSeconds})
        and (select is_mine from turn)
      order by id limit (select left_over from room)
      for update skip locked
    )
    update replays set claimed_at = now() from due
    -- The few that wait have an index of their own.
    where replays.id = due.id and ended_at is null
    returning replays.id`);
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
  headers: storedHeaders,
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
