import { sql } from 'slonik';
import { z } from 'zod';
import { readBacklog } from './outbox.ts';
import type { Pool } from './pool.ts';

/** What the system has taken on and not finished; counts go up to what was asked for and no further. */
export interface Load {
  readonly unsentEvents: number;
  readonly oldestEventMs: number;
  /** Transactions too. */
  readonly openOrders: number;
}

const openRow = z.object({ open: z.number() });

export async function readLoad(pool: Pool, upTo: Pick<Load, 'unsentEvents' | 'openOrders'>): Promise<Load> {
  const [backlog, [row]] = await Promise.all([
    readBacklog(pool, upTo.unsentEvents),
    pool.rows(sql.type(openRow)`
      select count(*)::int4 as open
      from (
        select from orders where status in ('pending', 'processing')
        union all
        select from transactions where status in ('PENDING', 'PROCESSING')
        limit ${upTo.openOrders}
      ) as counted`),
  ]);
  return {
    unsentEvents: backlog.unsent,
    oldestEventMs: backlog.oldest_seconds * 1_000,
    openOrders: row?.open ?? 0,
  };
}

const statusRow = z.object({ status: z.enum(['pending', 'processing']), orders: z.number() });

/** Orders that have not ended, by status; counted up to `upTo` together. */
export async function countOpenOrders(
  pool: Pool,
  upTo: number,
): Promise<Readonly<Record<'pending' | 'processing', number>>> {
  const rows = await pool.rows(sql.type(statusRow)`
    select status, count(*)::int4 as orders
    from (select status from orders where status in ('pending', 'processing') limit ${upTo}) as counted
    group by status`);
  const counted = new Map(rows.map(({ status, orders }) => [status, orders]));
  return { pending: counted.get('pending') ?? 0, processing: counted.get('processing') ?? 0 };
}
