import { sql } from 'slonik';
import { z } from 'zod';
import { effectId, newId } from '../core/id.ts';
import { marksKeptMs } from '../core/retention.ts';
import type { Pool } from './pool.ts';

/** What a customer is told because of one event. */
export interface Notification {
  readonly eventId: string;
  readonly orderId: string;
  /** The event's type. */
  readonly what: string;
}

/**
 * Tells the customer, whoever else has done so before. After a StoreUnavailableError he may have been told all the same:
 * another try under the same `processId`, a UUID, tells him nothing new then.
 */
export async function notify(
  pool: Pool,
  { eventId, orderId, what }: Notification,
  processId: string,
): Promise<void> {
  await pool.rows(sql.unsafe`
    insert into notifications (id, event_id, order_id, what, at)
    values (${effectId(processId, eventId, what)}::uuid, ${eventId}::uuid, ${orderId}::uuid, ${what}, now())
    on conflict on constraint notifications_pkey do nothing`);
}

const told = z.object({ event_id: z.string() });

/** Tells the customer unless the event has its mark; both in one statement. False when nothing was written. */
export async function notifyOnce(pool: Pool, { eventId, orderId, what }: Notification): Promise<boolean> {
  const rows = await pool.rows(sql.type(told)`
    with marked as (
      insert into notified_events (event_id, at) values (${eventId}::uuid, now())
      on conflict on constraint notified_events_pkey do nothing
      returning event_id
    )
    insert into notifications (id, event_id, order_id, what, at)
    select ${newId()}::uuid, event_id, ${orderId}::uuid, ${what}, now() from marked
    returning event_id`);
  return rows.length > 0;
}

/** Forgets up to `limit` marks that have outlived every record of their event; resolves to how many. */
export async function sweepMarks(pool: Pool, limit: number): Promise<number> {
  const swept = await pool.rows(sql.unsafe`
    delete from notified_events
    where ctid = any(array(
      select ctid from notified_events where at < now() - make_interval(secs => ${marksKeptMs / 1_000}::float8)
      limit ${limit} for update skip locked
    ))
    returning true`);
  return swept.length;
}
