import { type FragmentSqlToken, sql } from 'slonik';
import type { Posting } from '../ledger/posting.ts';
import type { OrderEvent } from '../order/events.ts';
import {
  canMove,
  type Order,
  type OrderStatus,
  type PaymentState,
  paymentPredecessors,
} from '../order/order.ts';
import { type StepDetail, stepOf } from '../order/steps.ts';
import { post } from './entries.ts';
import { columns, orderRow, toOrder } from './order-row.ts';
import { findOrder } from './orders.ts';
import { announce } from './outbox.ts';
import type { Pool } from './pool.ts';
import { note } from './timeline.ts';

export interface Move {
  readonly orderId: string;
  readonly from: OrderStatus;
  readonly to: OrderStatus;
  /** What must be so of those who asked to stop the order; a cancel goes before an operator's failure. */
  readonly when?: keyof typeof conditions;
  readonly paymentState?: PaymentState;
  readonly failureReason?: string;
  /** Leaves through the outbox in the same statement, once, when this call is the one that moved the order. */
  readonly event?: OrderEvent;
  readonly traceparent?: string | null;
  /** Into the ledger, with the change that they book. */
  readonly postings?: readonly Posting[];
  /** For the timeline, beside the event. */
  readonly detail?: StepDetail;
}

export type Moved =
  | { readonly outcome: 'moved'; readonly order: Order }
  /** An earlier attempt, or somebody else, has done it: nothing was written. */
  | { readonly outcome: 'already_there'; readonly order: Order }
  | { readonly outcome: 'refused'; readonly order: Order }
  | { readonly outcome: 'no_such_order' };

const conditions = {
  not_stopped: sql.fragment`and cancel_requested_at is null and fail_requested is null`,
  cancel_requested: sql.fragment`and cancel_requested_at is not null`,
  fail_requested: sql.fragment`and cancel_requested_at is null and fail_requested is not null`,
};

/** The way an order changes its status: one statement, from a known status to an allowed one. */
export async function moveOrder(pool: Pool, move: Move): Promise<Moved> {
  const { orderId, from, to, when, event, traceparent = null, postings = [], detail } = move;
  if (!canMove(from, to)) throw new Error(`An order never moves from ${from} to ${to}; see order/order.ts.`);
  const condition = when === undefined ? sql.fragment`` : conditions[when];
  const [row] = await pool.rows(sql.type(orderRow)`
    with moved as (
      update orders set
        status = ${to},
        payment_state = ${or(move.paymentState, sql.fragment`payment_state`)},
        failure_reason = ${or(move.failureReason, sql.fragment`failure_reason`)},
        version = version + 1,
        updated_at = now()
      where id = ${orderId} and status = ${from} ${condition}
      returning ${columns}
    ), noted as (
      ${note(stepOf(to), { ...detail, ...eventIn(event) }, sql.fragment`moved`)}
    ) ${announced(event, traceparent, sql.fragment`moved`)} ${posted(postings)}
    select ${columns} from moved`);
  if (row !== undefined) return { outcome: 'moved', order: toOrder(row) };
  const order = await findOrder(pool, orderId);
  if (order === undefined) return { outcome: 'no_such_order' };
  return { outcome: order.status === to ? 'already_there' : 'refused', order };
}

export interface CancelRequest {
  readonly orderId: string;
  /** Only from this version. */
  readonly version?: number | undefined;
  /** Leaves when the order is canceled by this very call. */
  readonly event: OrderEvent;
  readonly traceparent: string | null;
}

export type CancelOutcome =
  | {
      /** `canceled` and `too_late` are for ever, `requested` becomes canceled. */
      readonly outcome: 'canceled' | 'requested' | 'too_late';
      readonly order: Order;
      /** True when it was this call that changed the order. */
      readonly isNew: boolean;
    }
  | { readonly outcome: 'version_gone'; readonly order: Order }
  | { readonly outcome: 'no_such_order' };

/** Decides a cancel for good: pending is canceled, processing gets the mark that keeps it from being completed, final stays. */
export async function cancelOrder(pool: Pool, request: CancelRequest): Promise<CancelOutcome> {
  const { orderId, version, event, traceparent } = request;
  const atVersion = version === undefined ? sql.fragment`` : sql.fragment`and version = ${version}`;
  const canceled = sql.fragment`(select * from asked where status = 'canceled') as canceled`;
  const requested = sql.fragment`(select * from asked where status = 'processing') as requested`;
  const [row] = await pool.rows(sql.type(orderRow)`
    with asked as (
      update orders set
        status = case status when 'pending' then 'canceled' else status end,
        cancel_requested_at = now(),
        version = version + 1,
        updated_at = now()
      where id = ${orderId} and status in ('pending', 'processing') and cancel_requested_at is null ${atVersion}
      returning ${columns}
    ), noted as (
      ${note('canceled', { ...eventIn(event), ...traceIn(traceparent) }, canceled)}
    ), marked as (
      ${note('cancel_requested', traceIn(traceparent), requested)}
    ) ${announced(event, traceparent, canceled)}
    select ${columns} from asked`);
  const isNew = row !== undefined;
  const order = isNew ? toOrder(row) : await findOrder(pool, orderId);
  if (order === undefined) return { outcome: 'no_such_order' };
  if (order.status === 'canceled') return { outcome: 'canceled', order, isNew };
  if (order.status === 'completed' || order.status === 'failed') return { outcome: 'too_late', order, isNew };
  if (order.cancelRequestedAt !== null) return { outcome: 'requested', order, isNew };
  return { outcome: 'version_gone', order };
}

/** An operator's wish that a processing order ends as failed; false when it is not processing, or was wished before. */
export async function requestFailure(
  pool: Pool,
  { orderId, reason, detail }: { orderId: string; reason: string; detail: StepDetail },
): Promise<boolean> {
  const rows = await pool.rows(sql.type(orderRow)`
    with asked as (
      update orders set fail_requested = ${reason}, version = version + 1, updated_at = now()
      where id = ${orderId} and status = 'processing' and fail_requested is null
      returning ${columns}
    ), noted as (
      ${note('fail_requested', { ...detail, reason }, sql.fragment`asked`)}
    )
    select ${columns} from asked`);
  return rows.length > 0;
}

/** What is newly known of a processing order's money; false when it was known, or the order has ended. */
export async function notePayment(
  pool: Pool,
  {
    orderId,
    to,
    detail = {},
  }: { orderId: string; to: keyof typeof paymentPredecessors; detail?: StepDetail },
): Promise<boolean> {
  const rows = await pool.rows(sql.type(orderRow)`
    with changed as (
      update orders set payment_state = ${to}, version = version + 1, updated_at = now()
      where id = ${orderId} and status = 'processing'
        and payment_state = any(${sql.array([...paymentPredecessors[to]], 'text')})
      returning ${columns}
    ), noted as (
      ${note(stepOf(to), detail, sql.fragment`changed`)}
    )
    select ${columns} from changed`);
  return rows.length > 0;
}

function announced(
  event: OrderEvent | undefined,
  traceparent: string | null,
  orders: FragmentSqlToken,
): FragmentSqlToken {
  return event === undefined
    ? sql.fragment``
    : sql.fragment`, announced as (${announce(event, traceparent, orders)})`;
}

function posted(postings: readonly Posting[]): FragmentSqlToken {
  return postings.length === 0
    ? sql.fragment``
    : sql.fragment`, posted as (${post(postings, sql.fragment`moved`)})`;
}

function eventIn(event: OrderEvent | undefined): StepDetail {
  return event === undefined ? {} : { event: { id: event.id, type: event.type } };
}

/** Of a request that was not the one which placed the order. */
function traceIn(traceparent: string | null): StepDetail {
  return traceparent === null ? {} : { trace_id: traceparent.split('-')[1] };
}

function or(value: string | undefined, otherwise: FragmentSqlToken): FragmentSqlToken {
  return value === undefined ? otherwise : sql.fragment`${value}`;
}
