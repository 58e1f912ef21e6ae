import { type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import type { DomainEvent } from '../core/event.ts';
import type { Pool } from './pool.ts';

/** As in the table's definition. */
export const outboxPartitions = 6;

const outboxRow = z.object({
  id: z.number(),
  event_id: z.string(),
  type: z.string(),
  key: z.string(),
  body: z.string(),
  traceparent: z.string().nullable(),
  correlation_id: z.string().nullable(),
  created_at: z.date(),
});
export type OutboxRow = z.output<typeof outboxRow>;

/**
 * Writes `event` for as many rows as the CTE `subjects` holds: none, when the change it announces did not happen.
 * `traceparent` is the trace context of the step that writes; the correlation id is the subject's, on all of its events.
 */
export function announce(
  event: DomainEvent,
  traceparent: string | null,
  subjects: FragmentSqlToken,
  more?: FragmentSqlToken,
): FragmentSqlToken {
  return sql.fragment`
    insert into outbox (event_id, type, key, body, traceparent, correlation_id, created_at)
    select
      ${event.id}::uuid, ${event.type}, ${event.key}, ${withMore(JSON.stringify(event.body), more)},
      ${traceparent}, correlation_id, ${event.time.toISOString()}::timestamptz
    from ${subjects}`;
}

/** What only the statement itself finds out goes into the JSON there. */
function withMore(json: string, more: FragmentSqlToken | undefined): FragmentSqlToken {
  return more === undefined ? sql.fragment`${json}` : sql.fragment`(${json}::jsonb || ${more})::text`;
}

export interface Batch {
  readonly partitions: readonly number[];
  /** Rows of any other type wait for a relay of the version that knows them. */
  readonly types: readonly string[];
  /** Types left out for now, and with them the rows of their keys that are younger. */
  readonly paused?: readonly string[];
  readonly maxRows: number;
  /** Of bodies together; the first row comes whatever its size. */
  readonly maxBytes: number;
  /** An id below which there are no rows, as OutboxFloor knows it. */
  readonly from: number;
}

// A range with two ends is what Postgres expects to be small: it then walks the ids, and not a table full of deleted rows.
const highestId = 9_223_372_036_854_775_807n;

/** The oldest unsent rows. Never "after the last id": ids become visible out of order. */
export function claimBatch(pool: Pool, batch: Batch) {
  const { partitions, types, paused = [], maxRows, maxBytes, from } = batch;
  const mine = sql.fragment`
    id between ${from} and ${highestId}::int8
      and partition = any(${sql.array([...partitions], 'int2')}) and type = any(${sql.array([...types], 'text')})`;
  const open =
    paused.length > 0 ? sql.fragment`and id = any(array(${openIds(mine, paused, maxRows)}))` : sql.fragment``;
  return pool.rows(sql.type(outboxRow)`
    with oldest as (
      select id, event_id, type, key, body, traceparent, correlation_id, created_at
      from outbox
      where ${mine} ${open}
      order by id
      limit ${maxRows}
    ), measured as (
      select *, sum(octet_length(body)) over (order by id) - octet_length(body) as bytes_before from oldest
    )
    select id, event_id, type, key, body, traceparent, correlation_id, created_at
    from measured
    where bytes_before < ${maxBytes}
    order by id`);
}

// A window and no "not exists": it is one sort whatever Postgres believes of the table (50 ms for 50,000 rows), where a nested
// loop would be quadratic.
function openIds(mine: FragmentSqlToken, paused: readonly string[], limit: number): FragmentSqlToken {
  const isPaused = sql.fragment`type = any(${sql.array([...paused], 'text')})`;
  return sql.fragment`
    select id
    from (
      select id, min(id) filter (where ${isPaused}) over (partition by key collate "C") as first_paused
      from outbox
      where ${mine}
    ) as waiting
    where first_paused is null or id < first_paused
    order by id
    limit ${limit}`;
}

export async function deleteSent(pool: Pool, rows: readonly Pick<OutboxRow, 'id'>[]): Promise<void> {
  const ids = rows.map(({ id }) => id);
  await pool.rows(sql.unsafe`delete from outbox where id = any(${sql.array(ids, 'int8')})`);
}

const backlogRow = z.object({ unsent: z.number(), oldest_seconds: z.number() });

/** How many rows wait, counted up to `upTo`, and the age of the oldest; `from` as in Batch. */
export async function readBacklog(pool: Pool, upTo: number, from = 0): Promise<z.output<typeof backlogRow>> {
  const mine = sql.fragment`id between ${from} and ${highestId}::int8`;
  const [backlog] = await pool.rows(sql.type(backlogRow)`
    select
      (select count(*)::int4 from (select from outbox where ${mine} limit ${upTo}) as counted) as unsent,
      coalesce(
        (select extract(epoch from now() - created_at)::float8 from outbox where ${mine} order by id limit 1), 0
      ) as oldest_seconds`);
  return backlog ?? { unsent: 0, oldest_seconds: 0 };
}

const waitingRow = z.object({ id: z.number(), event_id: z.string(), type: z.string(), key: z.string() });

/** What waits to be sent, whoever's turn it is; a page of it. */
export function readUnsent(pool: Pool, { after, limit }: { after: number; limit: number }) {
  return pool.rows(sql.type(waitingRow)`
    select id, event_id, type, key from outbox where id > ${after} order by id limit ${limit}`);
}
