import { sql } from 'slonik';
import { z } from 'zod';
import type { Order, OrderStatus } from '../order/order.ts';
import { columns, orderRow, toOrder } from './order-row.ts';
import { beyond, inDirection, type Position } from './page.ts';
import type { Pool } from './pool.ts';

export async function findOrder(pool: Pool, id: string): Promise<Order | undefined> {
  const [row] = await pool.rows(sql.type(orderRow)`select ${columns} from orders where id = ${id}`);
  return row === undefined ? undefined : toOrder(row);
}

export interface OrderPage {
  readonly owner: string;
  readonly status?: OrderStatus | undefined;
  /** Only orders beyond it: the nearest. */
  readonly from?: Position | undefined;
  readonly offset?: number | undefined;
  readonly limit: number;
}

// Legal orders have up to 1 MB of items; a page of a hundred would outlast the statement's time limit.
const pageBytes = 4_194_304;
const listedRow = orderRow.extend({ found: z.number() });

export interface ListedOrders {
  /** Newest first. */
  readonly orders: Order[];
  /** True when there were more, but too large to go with these. */
  readonly isCut: boolean;
}

/** At least one where there is one, and no more than some 4 MB of items. */
export async function listOrders(
  pool: Pool,
  { owner, status, from, offset = 0, limit }: OrderPage,
): Promise<ListedOrders> {
  const withStatus = status === undefined ? sql.fragment`` : sql.fragment`and status = ${status}`;
  const nearestFirst = inDirection(from);
  const rows = await pool.rows(sql.type(listedRow)`
    with page as (
      select ${columns} from orders
      where owner = ${owner} ${withStatus} ${beyond(from)}
      ${nearestFirst}
      limit ${limit} offset ${offset}
    ), measured as (
      select *, sum(octet_length(items::text)) over (${nearestFirst}) - octet_length(items::text) as bytes_before
      from page
    )
    select ${columns}, (select count(*)::int4 from page) as found from measured
    where bytes_before < ${pageBytes}
    order by id desc`);
  return { orders: rows.map(toOrder), isCut: rows.length < (rows[0]?.found ?? 0) };
}
