import { z } from 'zod';
import { type Account, accountStatuses } from '../ledger/account.ts';
import {
  failureReasons,
  type Transaction,
  transactionStatuses,
  transactionTypes,
} from '../ledger/transaction.ts';
import type { TrialBalance } from '../store/entries.ts';

const currency = z.string().meta({ description: 'ISO 4217' });
const version = z.int().min(1).meta({ description: 'Rises by one with every change; the ETag' });
const next = z.string().nullable().meta({ description: 'Cursor of the following page, null on the last' });

export const accountAnswer = z
  .object({
    id: z.uuid(),
    currency,
    balance_cents: z.int().min(0),
    status: z
      .enum(accountStatuses)
      .meta({ description: 'A suspended one neither gives nor takes', id: 'AccountStatus' }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    version,
  })
  .meta({ id: 'Account' });

export const accountListAnswer = z
  .object({ items: z.array(accountAnswer), next })
  .meta({ id: 'AccountList' });

export const transactionAnswer = z
  .object({
    id: z.uuid(),
    account_id: z.uuid(),
    counter_account_id: z
      .uuid()
      .nullable()
      .meta({ description: 'Where the money comes from or goes to; null is the house' }),
    type: z.enum(transactionTypes).meta({ description: 'DEBIT takes from the account, CREDIT gives to it' }),
    amount_cents: z.int().min(1),
    currency,
    status: z
      .enum(transactionStatuses)
      .meta({ description: '`PROCESSED` and `FAILED` are final', id: 'TransactionStatus' }),
    failure_reason: z
      .string()
      .nullable()
      .meta({ description: 'Why it failed; null while it has not', 'x-extensible-enum': failureReasons }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    version,
    trace_id: z
      .string()
      .nullable()
      .meta({ description: 'Of the request that asked for it, W3C Trace Context' }),
  })
  .meta({ id: 'Transaction' });

export const transactionListAnswer = z
  .object({ items: z.array(transactionAnswer), next })
  .meta({ id: 'TransactionList' });

export function presentAccount(account: Account): z.input<typeof accountAnswer> {
  return {
    id: account.id,
    currency: account.currency,
    balance_cents: account.balanceCents,
    status: account.status,
    created_at: account.createdAt.toISOString(),
    updated_at: account.updatedAt.toISOString(),
    version: account.version,
  };
}

export function presentTransaction(transaction: Transaction): z.input<typeof transactionAnswer> {
  return {
    id: transaction.id,
    account_id: transaction.accountId,
    counter_account_id: transaction.counterAccountId,
    type: transaction.type,
    amount_cents: transaction.amountCents,
    currency: transaction.currency,
    status: transaction.status,
    failure_reason: transaction.failureReason,
    created_at: transaction.createdAt.toISOString(),
    updated_at: transaction.updatedAt.toISOString(),
    version: transaction.version,
    trace_id: transaction.traceId,
  };
}

// Sums may lie beyond what a number of JSON's readers holds exactly.
const sum = (description: string) => z.string().meta({ pattern: '^-?\\d+$', description });

export const trialBalanceAnswer = z
  .object({
    currencies: z.array(
      z.object({
        currency,
        customers_cents: sum('What the entries of customers’ accounts add up to'),
        merchants_cents: sum('The same of merchants'),
        house_cents: sum('The same of the house, which is below zero by what it holds for others'),
        total_cents: sum('Those three together: 0, since each posting sums to zero'),
        balances_cents: sum('The balances of customers’ accounts, which are their entries’ sum'),
      }),
    ),
    differences: z
      .array(
        z.object({
          account_id: z.uuid(),
          balance_cents: sum('As the account has it'),
          entries_cents: sum('As its entries add up'),
        }),
      )
      .meta({ description: 'Accounts whose balance is not the sum of their entries, up to 100: none' }),
  })
  .meta({ id: 'TrialBalance' });

export function presentTrialBalance({
  totals,
  differences,
}: TrialBalance): z.input<typeof trialBalanceAnswer> {
  return {
    currencies: totals.map(({ currency, customers, merchants, house, balances }) => ({
      currency,
      customers_cents: customers,
      merchants_cents: merchants,
      house_cents: house,
      total_cents: String(BigInt(customers) + BigInt(merchants) + BigInt(house)),
      balances_cents: balances,
    })),
    differences: differences.map(({ account_id, balance, entries }) => ({
      account_id,
      balance_cents: balance,
      entries_cents: entries,
    })),
  };
}
