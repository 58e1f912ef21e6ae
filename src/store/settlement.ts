import { sql } from 'slonik';
import { eventId } from '../core/id.ts';
import {
  type DeadRecord,
  transactionDead,
  transactionFailed,
  transactionProcessed,
} from '../ledger/events.ts';
import { transactionPosting } from '../ledger/posting.ts';
import type { Transaction } from '../ledger/transaction.ts';
import type { StepDetail } from '../order/steps.ts';
import { post } from './entries.ts';
import { announce } from './outbox.ts';
import type { Pool } from './pool.ts';
import { note } from './timeline.ts';
import { columns, toTransaction, transactionRow } from './transaction-row.ts';
import { findTransaction } from './transactions.ts';

// The ways a transaction changes its status: PENDING → PROCESSING → PROCESSED | FAILED, one statement each.

export type Changed =
  | { readonly outcome: 'changed'; readonly transaction: Transaction }
  /** An earlier attempt has done it, or it is not the turn of this change: nothing was written. */
  | { readonly outcome: 'unchanged'; readonly transaction: Transaction }
  | { readonly outcome: 'no_such_transaction' };

export async function beginTransaction(pool: Pool, id: string, detail: StepDetail): Promise<Changed> {
  const [row] = await pool.rows(sql.type(transactionRow)`
    with begun as (
      update transactions set status = 'PROCESSING', version = version + 1, updated_at = now()
      where id = ${id} and status = 'PENDING'
      returning ${columns}
    ), noted as (
      ${note('begun', detail, sql.fragment`begun`)}
    )
    select ${columns} from begun`);
  return row === undefined ? unchanged(pool, id) : { outcome: 'changed', transaction: toTransaction(row) };
}

const reason = sql.fragment`jsonb_build_object('reason', failure_reason)`;

/**
 * Applies it once, whoever asks and how often: mark, decision, balances, entries, status and event are one statement, with the
 * rows of its accounts locked in the order of their ids.
 */
export async function settleTransaction(
  pool: Pool,
  transaction: Transaction,
  traceparent: string | null,
): Promise<Changed> {
  const { id } = transaction;
  const now = new Date();
  const processed = sql.fragment`(select * from settled where status = 'PROCESSED') as processed`;
  const failed = sql.fragment`(select * from settled where status = 'FAILED') as failed`;
  const processedEvent = transactionProcessed(transaction, now);
  const failedEvent = transactionFailed(transaction, now);
  const [row] = await pool.rows(sql.type(transactionRow)`
    with taken as materialized (
      select * from transactions where id = ${id} and status = 'PROCESSING' for update
    ), marked as (
      insert into processed_events (event_id, subject_id, processed_at)
      select ${eventId(id, 'transaction.created')}::uuid, id, now() from taken
      on conflict on constraint processed_events_pkey do nothing
      returning subject_id
    ), held as materialized (
      select
        accounts.id, accounts.status, accounts.currency, accounts.balance_cents,
        case when (accounts.id = account_id) = (type = 'CREDIT') then amount_cents else -amount_cents end as cents
      from marked
        join taken on taken.id = subject_id
        join accounts on accounts.id in (account_id, counter_account_id) and accounts.owner = taken.owner
      order by accounts.id
      for update of accounts
    ), decided as materialized (
      select taken.id, case
        when own.id is null then 'account_not_found'
        when counter_account_id is not null and counter.id is null then 'counter_account_not_found'
        when own.status <> 'ACTIVE' then 'account_suspended'
        when counter.status <> 'ACTIVE' then 'counter_account_suspended'
        when own.currency <> taken.currency or counter.currency <> taken.currency then 'currency_mismatch'
        when least(own.balance_cents + own.cents, counter.balance_cents + counter.cents) < 0 then 'insufficient_funds'
        when greatest(own.balance_cents + own.cents, counter.balance_cents + counter.cents) > ${Number.MAX_SAFE_INTEGER}
          then 'balance_overflow'
      end as failure_reason
      from marked
        join taken on taken.id = subject_id
        left join held as own on own.id = account_id
        left join held as counter on counter.id = counter_account_id
    ), settled as (
      update transactions set
        status = case when decided.failure_reason is null then 'PROCESSED' else 'FAILED' end,
        failure_reason = decided.failure_reason,
        version = version + 1,
        updated_at = now()
      from decided
      where transactions.id = decided.id
      returning transactions.*
    ), balanced as (
      update accounts set
        balance_cents = accounts.balance_cents + held.cents, version = accounts.version + 1, updated_at = now()
      from held cross join decided
      where accounts.id = held.id and decided.failure_reason is null
    ), posted as (
      ${post([transactionPosting(transaction)], processed)}
    ), noted_processed as (
      ${note('processed', eventIn(processedEvent), processed)}
    ), noted_failed as (
      ${note('failed', eventIn(failedEvent), failed, reason)}
    ), announced_processed as (
      ${announce(processedEvent, traceparent, processed)}
    ), announced_failed as (
      ${announce(failedEvent, traceparent, failed, reason)}
    )
    select ${columns} from settled`);
  return row === undefined ? unchanged(pool, id) : { outcome: 'changed', transaction: toTransaction(row) };
}

/** Fails one that cannot be applied, and puts it among the dead letters. */
export async function setTransactionAside(
  pool: Pool,
  transaction: Transaction,
  { dead, traceparent }: { dead: DeadRecord; traceparent: string | null },
): Promise<Changed> {
  const now = new Date();
  const failedEvent = transactionFailed(transaction, now);
  const deadEvent = transactionDead(transaction, now, dead);
  const failed = sql.fragment`failed`;
  const [row] = await pool.rows(sql.type(transactionRow)`
    with failed as (
      update transactions set
        status = 'FAILED', failure_reason = 'processing_failed', version = version + 1, updated_at = now()
      where id = ${transaction.id} and status = 'PROCESSING'
      returning ${columns}
    ), noted as (
      ${note('failed', { ...eventIn(failedEvent), attempts: dead.attempts }, failed, reason)}
    ), announced as (
      ${announce(failedEvent, traceparent, failed, reason)}
    ), set_aside as (
      ${announce(deadEvent, traceparent, failed)}
    )
    select ${columns} from failed`);
  return row === undefined
    ? unchanged(pool, transaction.id)
    : { outcome: 'changed', transaction: toTransaction(row) };
}

async function unchanged(pool: Pool, id: string): Promise<Changed> {
  const transaction = await findTransaction(pool, id);
  return transaction === undefined
    ? { outcome: 'no_such_transaction' }
    : { outcome: 'unchanged', transaction };
}

function eventIn({ id, type }: { readonly id: string; readonly type: string }): StepDetail {
  return { event: { id, type } };
}
