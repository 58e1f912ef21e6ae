import type { Subject } from '../core/subject.ts';

export const transactionTypes = ['DEBIT', 'CREDIT'] as const;
type TransactionType = (typeof transactionTypes)[number];

export const transactionStatuses = ['PENDING', 'PROCESSING', 'PROCESSED', 'FAILED'] as const;
export type TransactionStatus = (typeof transactionStatuses)[number];

/** What a transaction goes through; each is one change of it, with the version that it has from then on. */
export const transactionSteps = ['accepted', 'begun', 'processed', 'failed'] as const;

/** Why a transaction was not applied: decided once, with its accounts' rows locked. */
export const failureReasons = [
  'account_not_found',
  'counter_account_not_found',
  'account_suspended',
  'counter_account_suspended',
  'currency_mismatch',
  'insufficient_funds',
  'balance_overflow',
  // The record itself: it could not be applied in several attempts, and is among the dead letters.
  'processing_failed',
] as const;
type FailureReason = (typeof failureReasons)[number];

export interface Transaction extends Subject {
  readonly accountId: string;
  /** Where the money comes from or goes to; null is the house. */
  readonly counterAccountId: string | null;
  /** DEBIT takes from the account, CREDIT gives to it. */
  readonly type: TransactionType;
  readonly amountCents: number;
  /** ISO 4217; that of its accounts. */
  readonly currency: string;
  readonly status: TransactionStatus;
  readonly failureReason: FailureReason | null;
}

type Given = Pick<
  Transaction,
  | 'owner'
  | 'accountId'
  | 'counterAccountId'
  | 'type'
  | 'amountCents'
  | 'currency'
  | 'traceId'
  | 'correlationId'
>;

/** A transaction as it is at the moment it is asked for. */
export function pendingTransaction(id: string, given: Given, now: Date): Transaction {
  return { id, ...given, status: 'PENDING', failureReason: null, version: 1, createdAt: now, updatedAt: now };
}

/** It stays so for ever. */
export function isSettled(status: TransactionStatus): boolean {
  return status === 'PROCESSED' || status === 'FAILED';
}
