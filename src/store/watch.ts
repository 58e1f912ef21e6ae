import { sql } from 'slonik';
import { z } from 'zod';
import { type OrderStatus, orderStatuses } from '../order/order.ts';
import { type StuckOrder, stuckReasons } from '../order/stuck.ts';
import type { Pool } from './pool.ts';

const secondsOf = (ms: number) => sql.fragment`make_interval(secs => ${ms / 1_000}::float8)`;
const isStopping = sql.fragment`status = 'processing' and (cancel_requested_at is not null or fail_requested is not null)`;

const stuckRow = z.object({
  order_id: z.string(),
  reason: z.enum(stuckReasons),
  since: z.date(),
  detail: z.record(z.string(), z.unknown()),
});

/** What Postgres alone can tell, the oldest `limit` of each reason: events unsent, wishes not come true after `ms`, refunds that failed. */
export async function findStuckInStore(
  pool: Pool,
  { ms, limit }: { ms: number; limit: number },
): Promise<StuckOrder[]> {
  const rows = await pool.rows(sql.type(stuckRow)`
    (select key as order_id, 'event_unsent' as reason, min(created_at) as since,
      jsonb_build_object('events', jsonb_agg(type order by type)) as detail
    from (select key, type, created_at from outbox order by id limit ${limit}) as oldest
    where created_at < now() - ${secondsOf(ms)}
    group by key)
    union all
    (select id::text, 'cancel_waiting', cancel_requested_at, jsonb_build_object('payment_state', payment_state)
    from orders where ${isStopping} and cancel_requested_at < now() - ${secondsOf(ms)}
    order by id limit ${limit})
    union all
    (select id::text, 'failure_waiting', updated_at, jsonb_build_object('payment_state', payment_state)
    from orders
    where ${isStopping} and cancel_requested_at is null and updated_at < now() - ${secondsOf(ms)}
    order by id limit ${limit})
    union all
    (select id::text, 'refund_failed', updated_at,
      jsonb_build_object('error', (select error from failed_attempts where order_id = id))
    from orders where ${isStopping} and payment_state = 'refund_failed'
    order by id limit ${limit})`);
  return rows.map(({ order_id, ...row }) => ({ orderId: order_id, ...row }));
}

const openRow = z.object({ id: z.string(), status: z.enum(orderStatuses), updated_at: z.date() });

export interface OrderAtRest {
  readonly id: string;
  readonly status: OrderStatus;
  readonly updatedAt: Date;
}

const toOrderAtRest = ({ id, status, updated_at }: z.output<typeof openRow>): OrderAtRest => ({
  id,
  status,
  updatedAt: updated_at,
});

/** Open orders that nothing has happened to for `ms`, oldest first; those after `after`, where it is given. */
export async function findOpenAtRest(
  pool: Pool,
  { after, ms, limit }: { after?: string | undefined; ms: number; limit: number },
): Promise<readonly OrderAtRest[]> {
  const from = after === undefined ? sql.fragment`` : sql.fragment`and id > ${after}`;
  const rows = await pool.rows(sql.type(openRow)`
    select id, status, updated_at from orders
    where status in ('pending', 'processing') ${from} and updated_at < now() - ${secondsOf(ms)}
    order by id limit ${limit}`);
  return rows.map(toOrderAtRest);
}

/** Those of these orders that exist. */
export async function findOrdersAtRest(pool: Pool, ids: readonly string[]): Promise<readonly OrderAtRest[]> {
  const rows = await pool.rows(sql.type(openRow)`
    select id, status, updated_at from orders where id = any(${sql.array([...ids], 'uuid')})`);
  return rows.map(toOrderAtRest);
}

const idRow = z.object({ id: z.string() });

/** Orders that were asked to stop `ms` ago and show no sign of having heard it. */
export async function findUnheard(
  pool: Pool,
  { ms, limit }: { ms: number; limit: number },
): Promise<readonly string[]> {
  const rows = await pool.rows(sql.type(idRow)`
    select id from orders
    where ${isStopping} and payment_state not in ('refunding', 'refund_failed')
      and coalesce(cancel_requested_at, updated_at) < now() - ${secondsOf(ms)}
    -- Any of them: the oldest may wait for a provider that is down, and would keep the others from their turn.
    order by random() limit ${limit}`);
  return rows.map(({ id }) => id);
}
