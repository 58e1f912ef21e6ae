import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { eventually } from '../../support/eventually.ts';
import type { Answer, Api } from './api.ts';

// Written apart from the service's own schemas: a change of the contract fails here.
const accountSchema = z.looseObject({
  id: z.uuid(),
  currency: z.string(),
  balance_cents: z.int().min(0),
  status: z.enum(['ACTIVE', 'SUSPENDED']),
  version: z.int(),
});
type Account = z.output<typeof accountSchema>;

const transactionSchema = z.looseObject({
  id: z.uuid(),
  account_id: z.uuid(),
  counter_account_id: z.uuid().nullable(),
  type: z.enum(['DEBIT', 'CREDIT']),
  amount_cents: z.int(),
  currency: z.string(),
  status: z.enum(['PENDING', 'PROCESSING', 'PROCESSED', 'FAILED']),
  failure_reason: z.string().nullable(),
  version: z.int(),
});
export type Transaction = z.output<typeof transactionSchema>;

const digits = z.string().regex(/^-?\d+$/);
const trialBalanceSchema = z.looseObject({
  currencies: z.array(
    z.looseObject({
      currency: z.string(),
      customers_cents: digits,
      merchants_cents: digits,
      house_cents: digits,
      total_cents: digits,
      balances_cents: digits,
    }),
  ),
  differences: z.array(z.unknown()),
});
type TrialBalance = z.output<typeof trialBalanceSchema>;

export interface NewTransaction {
  readonly account_id: string;
  readonly type: 'DEBIT' | 'CREDIT';
  readonly amount_cents: number;
  readonly currency?: string;
  readonly counter_account_id?: string;
}

export interface Ledger {
  open(currency?: string): Promise<Account>;
  account(id: string): Promise<Account>;
  /** Any answer, also a refusal. */
  post(transaction: NewTransaction, key?: string): Promise<Answer>;
  /** The accepted transaction; throws on any other answer. */
  accept(transaction: NewTransaction, key?: string): Promise<Transaction>;
  transaction(id: string): Promise<Transaction>;
  untilSettled(id: string, withinMs?: number): Promise<Transaction>;
  trialBalance(): Promise<TrialBalance>;
}

export function createLedger({ request }: Pick<Api, 'request'>): Ledger {
  const send = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const ledger: Ledger = {
    open: async (currency = 'EUR') =>
      accountSchema.parse(bodyOf(await send('/v1/accounts', { currency }), 201)),
    account: async (id) => accountSchema.parse(bodyOf(await request(`/v1/accounts/${id}`), 200)),
    post: (transaction, key = randomUUID()) =>
      send('/v1/transactions', { currency: 'EUR', ...transaction }, { 'idempotency-key': key }),
    accept: async (transaction, key) => readTransaction(await ledger.post(transaction, key), 202),
    transaction: async (id) => readTransaction(await request(`/v1/transactions/${id}`), 200),
    untilSettled: (id, withinMs = 25_000) =>
      eventually(async () => {
        const transaction = await ledger.transaction(id);
        if (['PROCESSED', 'FAILED'].includes(transaction.status)) return transaction;
        throw new Error(`transaction ${id} is still ${transaction.status}`);
      }, withinMs),
    trialBalance: async () => trialBalanceSchema.parse(bodyOf(await request('/v1/admin/ledger'), 200)),
  };
  return ledger;
}

export function readTransaction(answer: Answer, status: number): Transaction {
  return transactionSchema.parse(bodyOf(answer, status));
}

function bodyOf(answer: Answer, status: number): unknown {
  if (answer.status === status) return JSON.parse(answer.text);
  throw new Error(`answered ${answer.status} instead of ${status}: ${answer.text}`);
}
