import { type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import type { OrderEvent } from '../order/events.ts';
import { canMove, type Order, type OrderStatus, orderStatuses, type PaymentState } from '../order/order.ts';
import { announce } from './outbox.ts';
import type { Pool } from './pool.ts';

const columns = sql.fragment`
  id, owner, customer_email, amount_cents, currency, merchant_id, items, status, payment_state, failure_reason,
  version, trace_id, correlation_id, created_at, updated_at`;

const orderRow = z.object({
  id: z.string(),
  owner: z.string(),
  customer_email: z.string().nullable(),
  amount_cents: z.number(),
  currency: z.string(),
  merchant_id: z.string().nullable(),
  items: z.array(z.object({ productId: z.string(), quantity: z.number(), unitPriceCents: z.number() })),
  status: z.enum(orderStatuses),
  payment_state: z.custom<PaymentState>(),
  failure_reason: z.string().nullable(),
  version: z.number(),
  trace_id: z.string().nullable(),
  correlation_id: z.string().nullable(),
  created_at: z.date(),
  updated_at: z.date(),
});

export async function findOrder(pool: Pool, id: string): Promise<Order | undefined> {
  const [row] = await pool.rows(sql.type(orderRow)`select ${columns} from orders where id = ${id}`);
  return row === undefined ? undefined : toOrder(row);
}

/** The id of an order in a list, and the way on from there. */
export type Position = { readonly older: string } | { readonly newer: string };

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
  const isUpward = from !== undefined && 'newer' in from;
  const inDirection = isUpward ? sql.fragment`order by id` : sql.fragment`order by id desc`;
  const rows = await pool.rows(sql.type(listedRow)`
    with page as (
      select ${columns} from orders
      where owner = ${owner} ${withStatus} ${beyond(from)}
      ${inDirection}
      limit ${limit} offset ${offset}
    ), measured as (
      select *, sum(octet_length(items::text)) over (${inDirection}) - octet_length(items::text) as bytes_before
      from page
    )
    select ${columns}, (select count(*)::int4 from page) as found from measured
    where bytes_before < ${pageBytes}
    order by id desc`);
  return { orders: rows.map(toOrder), isCut: rows.length < (rows[0]?.found ?? 0) };
}

function beyond(from: OrderPage['from']): FragmentSqlToken {
  if (from === undefined) return sql.fragment``;
  return 'older' in from ? sql.fragment`and id < ${from.older}` : sql.fragment`and id > ${from.newer}`;
}

export interface Move {
  readonly orderId: string;
  readonly from: OrderStatus;
  readonly to: OrderStatus;
  /** Only from this version. */
  readonly version?: number | undefined;
  readonly paymentState?: PaymentState;
  readonly failureReason?: string;
  /** Leaves through the outbox in the same statement, once, when this call is the one that moved the order. */
  readonly event?: OrderEvent;
  readonly traceparent?: string | null;
}

export type Moved =
  | { readonly outcome: 'moved'; readonly order: Order }
  /** An earlier attempt, or somebody else, has done it: nothing was written. */
  | { readonly outcome: 'already_there'; readonly order: Order }
  | { readonly outcome: 'refused'; readonly order: Order }
  | { readonly outcome: 'no_such_order' };

/** The only way an order changes its status: one statement, from a known status to an allowed one. */
export async function moveOrder(pool: Pool, move: Move): Promise<Moved> {
  const { orderId, from, to, version, event, traceparent = null } = move;
  if (!canMove(from, to)) throw new Error(`An order never moves from ${from} to ${to}; see order/order.ts.`);
  const announced =
    event === undefined
      ? sql.fragment``
      : sql.fragment`, announced as (${announce(event, traceparent, sql.fragment`moved`)})`;
  const atVersion = version === undefined ? sql.fragment`` : sql.fragment`and version = ${version}`;
  const [row] = await pool.rows(sql.type(orderRow)`
    with moved as (
      update orders set
        status = ${to},
        payment_state = ${or(move.paymentState, sql.fragment`payment_state`)},
        failure_reason = ${or(move.failureReason, sql.fragment`failure_reason`)},
        version = version + 1,
        updated_at = now()
      where id = ${orderId} and status = ${from} ${atVersion}
      returning ${columns}
    ) ${announced}
    select ${columns} from moved`);
  if (row !== undefined) return { outcome: 'moved', order: toOrder(row) };
  const order = await findOrder(pool, orderId);
  if (order === undefined) return { outcome: 'no_such_order' };
  return { outcome: order.status === to ? 'already_there' : 'refused', order };
}

function or(value: string | undefined, otherwise: FragmentSqlToken): FragmentSqlToken {
  return value === undefined ? otherwise : sql.fragment`${value}`;
}

function toOrder(row: z.output<typeof orderRow>): Order {
  return {
    id: row.id,
    owner: row.owner,
    customerEmail: row.customer_email,
    amountCents: row.amount_cents,
    currency: row.currency,
    merchantId: row.merchant_id,
    items: row.items,
    status: row.status,
    paymentState: row.payment_state,
    failureReason: row.failure_reason,
    version: row.version,
    traceId: row.trace_id,
    correlationId: row.correlation_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
