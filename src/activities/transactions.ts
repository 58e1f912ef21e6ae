import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { eventId, isId } from '../core/id.ts';
import { activityRepeated } from '../facts.ts';
import { recordSetAside } from '../facts-events.ts';
import { transactionRefused, transactionSettled } from '../facts-ledger.ts';
import type { DeadRecord } from '../ledger/events.ts';
import { isSettled, type Transaction, type TransactionStatus } from '../ledger/transaction.ts';
import { redact } from '../platform/redaction.ts';
import { activeTraceparent } from '../platform/telemetry.ts';
import { isRefused } from '../store/pool.ts';
import {
  beginTransaction,
  type Changed,
  setTransactionAside,
  settleTransaction,
} from '../store/settlement.ts';
import { findTransaction } from '../store/transactions.ts';
import { type RecordPosition, transactionNotApplied } from '../workflows/contract.ts';
import { runDefect } from './failures.ts';
import type { ActivityDeps } from './index.ts';

interface Settled {
  readonly status: TransactionStatus;
  readonly reason?: string;
}

export interface TransactionActivities {
  beginTransaction(
    id: string,
    record: RecordPosition | undefined,
  ): Promise<{ outcome: 'begun' } | { outcome: 'settled'; status: TransactionStatus }>;
  /** Fails for good, without a repeat of its own, when it is this transaction that Postgres refuses; `attempt` counts those. */
  applyTransaction(id: string, attempt: number): Promise<Settled>;
  setTransactionAside(dead: DeadRecord & { id: string }): Promise<Settled>;
}

export function transactionActivities({
  pool,
  signal,
  log,
}: Pick<ActivityDeps, 'pool' | 'signal' | 'log'>): TransactionActivities {
  return {
    async beginTransaction(id, record) {
      // Absent only for activities without a workflow, which these are not.
      const { workflowId, runId } = activityInfo().workflowExecution ?? {};
      const detail = { workflow_id: workflowId, run_id: runId, ...(record === undefined ? {} : { record }) };
      const begun: Changed = isId(id)
        ? await beginTransaction(pool, id, detail)
        : { outcome: 'no_such_transaction' };
      if (begun.outcome === 'no_such_transaction') throw transactionNotFound(id);
      const { status } = begun.transaction;
      return isSettled(status) ? { outcome: 'settled', status } : { outcome: 'begun' };
    },

    async applyTransaction(id, attempt) {
      if (attempt > 1) activityRepeated('applyTransaction');
      const transaction = await found(id);
      try {
        return settled(await settleTransaction(pool, transaction, activeTraceparent()));
      } catch (error) {
        if (!isRefused(error)) throw error;
        transactionRefused(log, { id, accountId: transaction.accountId, error });
        throw ApplicationFailure.create({
          type: transactionNotApplied,
          message: reasonOf(error),
          nonRetryable: true,
        });
      }
    },

    async setTransactionAside({ id, ...dead }) {
      const traceparent = activeTraceparent();
      const changed = await setTransactionAside(pool, await found(id), { dead, traceparent });
      if (changed.outcome === 'changed') {
        // A run that was started by hand has no record.
        const { topic = '', partition = -1, offset = '' } = dead.record ?? {};
        const about = { subject: 'transaction', id, eventId: eventId(id, 'transaction.created') };
        recordSetAside(log, { topic, partition, offset, ...about, class: 'exhausted', reason: dead.error });
      }
      return settled(changed);
    },
  };

  async function found(id: string): Promise<Transaction> {
    const transaction = await findTransaction(pool, id);
    if (transaction === undefined) throw transactionNotFound(id);
    return transaction;
  }

  function settled(changed: Changed): Settled {
    if (changed.outcome === 'no_such_transaction')
      throw runDefect('TransactionNotFound', 'The transaction has gone from Postgres; was it restored?');
    const { transaction } = changed;
    if (changed.outcome === 'changed') {
      signal();
      transactionSettled(log, transaction);
    }
    const { status, failureReason } = transaction;
    if (!isSettled(status))
      throw runDefect(
        'TransactionStateConflict',
        `Transaction ${transaction.id} is ${status} although its event is marked as processed; compare it with its entries.`,
      );
    return { status, ...(failureReason === null ? {} : { reason: failureReason }) };
  }
}

/** What Postgres itself said, not that a query failed. */
function reasonOf({ message, cause }: Error): string {
  return redact(cause instanceof Error ? cause.message : message);
}

function transactionNotFound(id: string): ApplicationFailure {
  return runDefect(
    'TransactionNotFound',
    `Postgres has no transaction ${id}: was the event forged, or the database restored?`,
  );
}
