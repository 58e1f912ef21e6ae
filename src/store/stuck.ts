import { sql } from 'slonik';
import { z } from 'zod';
import { nothingStuck, type StuckOrder, type StuckReason, stuckReasons } from '../order/stuck.ts';
import type { Pool } from './pool.ts';

const stuckRow = z.object({
  order_id: z.string(),
  reason: z.enum(stuckReasons),
  since: z.date(),
  detail: z.record(z.string(), z.unknown()),
});

const toStuck = ({ order_id, ...row }: z.output<typeof stuckRow>): StuckOrder => ({
  orderId: order_id,
  ...row,
});

export interface Found {
  /** What was looked for: of these reasons only those in `orders` hold any longer. */
  readonly reasons: readonly StuckReason[];
  readonly orders: readonly StuckOrder[];
  /** Where not all orders were looked at, those that were. */
  readonly among?: readonly string[];
}

export interface Kept {
  readonly became: readonly StuckOrder[];
  readonly over: readonly StuckOrder[];
}

const keptRow = stuckRow.extend({ is_stuck: z.boolean() });

/** Keeps what a look found in place of what the look before it did; several keepers may do so, and one of them learns each change. */
export async function keepStuck(pool: Pool, { reasons, orders, among }: Found): Promise<Kept> {
  const given = orders.map(({ orderId, reason, since, detail }) => [
    orderId,
    reason,
    since.toISOString(),
    JSON.stringify(detail),
  ]);
  const within =
    among === undefined ? sql.fragment`` : sql.fragment`and order_id = any(${sql.array([...among], 'text')})`;
  const rows = await pool.rows(sql.type(keptRow)`
    with given as materialized (
      -- Two runs of one order are one stuck order.
      select distinct on (order_id, reason) * from ${sql.unnest(given, ['text', 'text', 'timestamptz', 'jsonb'])}
        as given (order_id, reason, since, detail)
    ), over as (
      delete from stuck_orders
      where reason = any(${sql.array([...reasons], 'text')}) ${within}
        and (order_id, reason) not in (select order_id, reason from given)
      returning order_id, reason, since, detail
    ), kept as (
      insert into stuck_orders as known (order_id, reason, since, detail)
      select order_id, reason, since, detail from given
      -- Everywhere the same order: two keepers must not wait for each other in a circle.
      order by reason, order_id
      on conflict on constraint stuck_orders_pkey do update set detail = excluded.detail
        where known.detail <> excluded.detail
      returning order_id, reason, since, detail, xmax = 0 as is_new
    )
    select order_id, reason, since, detail, true as is_stuck from kept where is_new
    union all
    select order_id, reason, since, detail, false from over`);
  return {
    became: rows.filter(({ is_stuck }) => is_stuck).map(toStuck),
    over: rows.filter(({ is_stuck }) => !is_stuck).map(toStuck),
  };
}

const countRow = z.object({ reason: z.enum(stuckReasons), orders: z.number() });

export async function countStuck(pool: Pool): Promise<Readonly<Record<StuckReason, number>>> {
  const rows = await pool.rows(sql.type(countRow)`
    select reason, count(*)::int4 as orders from stuck_orders group by reason`);
  return { ...nothingStuck, ...Object.fromEntries(rows.map(({ reason, orders }) => [reason, orders])) };
}

/** Those that are stuck for longest, of one reason or of any. */
export async function listStuck(
  pool: Pool,
  { reason, limit }: { reason?: StuckReason; limit: number },
): Promise<readonly StuckOrder[]> {
  const of = reason === undefined ? sql.fragment`true` : sql.fragment`reason = ${reason}`;
  const rows = await pool.rows(sql.type(stuckRow)`
    select order_id, reason, since, detail from stuck_orders where ${of} order by since, order_id limit ${limit}`);
  return rows.map(toStuck);
}
