import { sql } from 'slonik';
import { z } from 'zod';
import {
  failureReasons,
  type Transaction,
  transactionStatuses,
  transactionTypes,
} from '../ledger/transaction.ts';

export const columns = sql.fragment`
  id, owner, account_id, counter_account_id, type, amount_cents, currency, status, failure_reason, version, trace_id,
  correlation_id, created_at, updated_at`;

export const transactionRow = z.object({
  id: z.string(),
  owner: z.string(),
  account_id: z.string(),
  counter_account_id: z.string().nullable(),
  type: z.enum(transactionTypes),
  amount_cents: z.number(),
  currency: z.string(),
  status: z.enum(transactionStatuses),
  failure_reason: z.enum(failureReasons).nullable(),
  version: z.number(),
  trace_id: z.string().nullable(),
  correlation_id: z.string().nullable(),
  created_at: z.date(),
  updated_at: z.date(),
});

export function toTransaction(row: z.output<typeof transactionRow>): Transaction {
  return {
    id: row.id,
    owner: row.owner,
    accountId: row.account_id,
    counterAccountId: row.counter_account_id,
    type: row.type,
    amountCents: row.amount_cents,
    currency: row.currency,
    status: row.status,
    failureReason: row.failure_reason,
    version: row.version,
    traceId: row.trace_id,
    correlationId: row.correlation_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
