import type { Account } from './ledger/account.ts';
import { failureReasons, type Transaction, transactionTypes } from './ledger/transaction.ts';
import type { Logger } from './platform/logger.ts';
import { beginAtZero, counter } from './platform/metrics.ts';

// As src/facts.ts, of accounts and transactions.

const transactionsCreated = counter('transactions_created_total', 'Transactions accepted', {
  type: transactionTypes,
});
const transactionsSettled = counter('transactions_processed_total', 'Transactions that are decided', [
  'status',
  'reason',
]);
beginAtZero(transactionsSettled, { status: ['PROCESSED'], reason: [''] });
beginAtZero(transactionsSettled, { status: ['FAILED'], reason: failureReasons });

export function accountOpened(log: Logger, { id, currency }: Account): void {
  log.info({ account_id: id, currency }, 'account opened');
}

export function accountStatusSet(log: Logger, { id, status }: Account): void {
  log.info({ account_id: id, status }, 'account status set');
}

export function transactionAccepted(log: Logger, { id, accountId, type }: Transaction): void {
  transactionsCreated.inc({ type });
  log.info({ transaction_id: id, account_id: accountId, type }, 'transaction accepted');
}

export function transactionSettled(log: Logger, { id, accountId, status, failureReason }: Transaction): void {
  transactionsSettled.inc({ status, reason: failureReason ?? '' });
  log.info(
    { transaction_id: id, account_id: accountId, status, reason: failureReason },
    'transaction settled',
  );
}

/** By Postgres, for what it is: another try may still succeed. */
export function transactionRefused(
  log: Logger,
  { id, accountId, error }: { id: string; accountId: string; error: unknown },
): void {
  log.warn({ transaction_id: id, account_id: accountId, err: error }, 'transaction refused by Postgres');
}
