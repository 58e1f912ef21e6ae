import { type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import type { OrderEvent } from '../order/events.ts';
import type { Pool } from './pool.ts';

/** As in the table's definition. */
export const outboxPartitions = 6;

export interface Trail {
  /** W3C trace context of the step that wrote the row; null outside any trace. */
  readonly traceparent: string | null;
  /** The request or run the event belongs to; the same on every event of one order's way. */
  readonly correlationId: string | null;
}

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

/** Writes `event` for as many rows as the CTE `when` holds: none, when the change it announces did not happen. */
export function announce(event: OrderEvent, trail: Trail, when: FragmentSqlToken): FragmentSqlToken {
  return sql.fragment`
    insert into outbox (event_id, type, key, body, traceparent, correlation_id, created_at)
    select
      ${event.id}::uuid, ${event.type}, ${event.key}, ${JSON.stringify(event.body)},
      ${trail.traceparent}, ${trail.correlationId}, ${event.time.toISOString()}::timestamptz
    from ${when}`;
}

/** The oldest unsent rows of the given partitions. Never "after the last id": ids become visible out of order. */
export function claimBatch(
  pool: Pool,
  { partitions, limit }: { partitions: readonly number[]; limit: number },
) {
  return pool.rows(sql.type(outboxRow)`
    select id, event_id, type, key, body, traceparent, correlation_id, created_at
    from outbox
    where partition = any(${sql.array([...partitions], 'int2')})
    order by id
    limit ${limit}`);
}

export async function deleteSent(pool: Pool, rows: readonly OutboxRow[]): Promise<void> {
  const ids = rows.map(({ id }) => id);
  await pool.rows(sql.unsafe`delete from outbox where id = any(${sql.array(ids, 'int8')})`);
}

const backlogRow = z.object({ unsent: z.number(), oldest_seconds: z.number() });

/** How many rows wait, counted up to `upTo`, and the age of the oldest. */
export async function readBacklog(pool: Pool, upTo: number): Promise<z.output<typeof backlogRow>> {
  const [backlog] = await pool.rows(sql.type(backlogRow)`
    select
      (select count(*)::int4 from (select from outbox limit ${upTo}) as counted) as unsent,
      coalesce((select extract(epoch from now() - created_at)::float8 from outbox order by id limit 1), 0) as oldest_seconds`);
  return backlog ?? { unsent: 0, oldest_seconds: 0 };
}
