import type { Account } from '../../ledger/account.ts';
import { pendingTransaction } from '../../ledger/transaction.ts';
import { presentCursor } from '../present.ts';
import { presentAccount, presentTransaction, presentTrialBalance } from '../present-ledger.ts';
import { presentTransactionTimeline } from '../present-timeline.ts';
import { requestId } from './examples.ts';

const openedAt = new Date('2026-11-21T10:00:00.000Z');
const account: Account = {
  id: '0198c5f0-5e2d-7b64-b1a0-7c3f9e4d8a21',
  owner: 'anonymous',
  currency: 'EUR',
  balanceCents: 0,
  status: 'ACTIVE',
  version: 1,
  createdAt: openedAt,
  updatedAt: openedAt,
};
const other = '0198c5f0-6a13-7d90-9f42-1b8e5c7a3d64';

export const newAccounts = { euros: { summary: 'An account in euros', value: { currency: 'EUR' } } };

export const accounts = { opened: { summary: 'Just opened', value: presentAccount(account) } };

export const accountLists = {
  page: {
    summary: 'A page with another behind it',
    value: { items: [presentAccount(account)], next: presentCursor({ older: account.id }) },
  },
};

export const accountChanges = { suspend: { summary: 'Suspend it', value: { status: 'SUSPENDED' } } };
export const changedStates = { suspend: { value: '"1"' } };

export const suspendedAccounts = {
  suspended: {
    summary: 'It neither gives nor takes',
    value: presentAccount({ ...account, status: 'SUSPENDED', version: 2 }),
  },
};

/** Requests that run as they stand; each body has a key of the same name. */
export const newTransactions = {
  credit: {
    summary: 'Money from outside',
    value: { account_id: account.id, type: 'CREDIT', amount_cents: 10_000, currency: 'EUR' },
  },
  transfer: {
    summary: 'Money for another account of yours',
    value: {
      account_id: account.id,
      counter_account_id: other,
      type: 'DEBIT',
      amount_cents: 2_500,
      currency: 'EUR',
    },
  },
};

export const newTransactionKeys = {
  credit: { value: 'first-credit-of-the-day' },
  transfer: { value: 'first-transfer-of-the-day' },
};

const pending = pendingTransaction(
  '0198c5f0-7b86-7e15-8d33-4a9c2f6e1b57',
  {
    owner: 'anonymous',
    accountId: account.id,
    counterAccountId: other,
    type: 'DEBIT',
    amountCents: 2_500,
    currency: 'EUR',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    correlationId: requestId,
  },
  new Date('2026-11-21T10:05:00.000Z'),
);
const failed = {
  ...pending,
  status: 'FAILED',
  failureReason: 'insufficient_funds',
  version: 3,
  updatedAt: new Date('2026-11-21T10:05:01.000Z'),
} as const;

export const pendingTransactions = {
  pending: { summary: 'Just asked for', value: presentTransaction(pending) },
};

export const transactions = {
  ...pendingTransactions,
  failed: { summary: 'There was not enough money', value: presentTransaction(failed) },
};

export const transactionLists = {
  page: {
    summary: 'A page with another behind it',
    value: { items: [presentTransaction(failed)], next: presentCursor({ older: failed.id }) },
  },
};

export const transactionTimelines = {
  failed: {
    summary: 'There was not enough money',
    value: presentTransactionTimeline(failed, {
      steps: [
        {
          version: 2,
          step: 'begun',
          detail: { workflow_id: `transaction-${failed.id}`, run_id: requestId },
          at: failed.updatedAt,
        },
        { version: 3, step: 'failed', detail: { reason: failed.failureReason }, at: failed.updatedAt },
      ],
      failedAttempt: undefined,
    }),
  },
};

export const trialBalances = {
  even: {
    summary: 'A customer has put money in, and a merchant has sold something',
    value: presentTrialBalance({
      totals: [
        { currency: 'EUR', customers: '10000', merchants: '4200', house: '-14200', balances: '10000' },
      ],
      differences: [],
    }),
  },
};
