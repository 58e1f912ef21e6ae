import type { DomainEvent } from '../core/event.ts';
import { eventId } from '../core/id.ts';
import type { Transaction } from './transaction.ts';

export type TransactionEventType =
  | 'transaction.created'
  | 'transaction.processed'
  | 'transaction.failed'
  | 'transaction.dead';
export type TransactionEvent = DomainEvent<TransactionEventType>;

type Told = Pick<Transaction, 'id' | 'accountId' | 'counterAccountId' | 'type' | 'amountCents' | 'currency'>;

export function transactionCreated(transaction: Transaction): TransactionEvent {
  const { createdAt } = transaction;
  return event('transaction.created', transaction, createdAt, { created_at: createdAt.toISOString() });
}

export function transactionProcessed(transaction: Told, time: Date): TransactionEvent {
  return settled('transaction.processed', 'PROCESSED', transaction, time);
}

/** The reason is the store's to tell: it is found in the statement that writes the event. */
export function transactionFailed(transaction: Told, time: Date): TransactionEvent {
  return settled('transaction.failed', 'FAILED', transaction, time);
}

export interface DeadRecord {
  readonly attempts: number;
  readonly error: string;
  /** Where the event stands that it began with. */
  readonly record?:
    | { readonly topic: string; readonly partition: number; readonly offset: string }
    | undefined;
}

/** The dead letter of a transaction that could not be applied. */
export function transactionDead(transaction: Told, time: Date, dead: DeadRecord): TransactionEvent {
  return event('transaction.dead', transaction, time, {
    class: 'exhausted',
    ...dead,
    occurred_at: time.toISOString(),
  });
}

function settled(
  type: TransactionEventType,
  status: string,
  transaction: Told,
  time: Date,
): TransactionEvent {
  return event(type, transaction, time, { status, occurred_at: time.toISOString() });
}

function event(
  name: TransactionEventType,
  { id, accountId, counterAccountId, type, amountCents, currency }: Told,
  time: Date,
  rest: Readonly<Record<string, unknown>>,
): TransactionEvent {
  const body = {
    transaction_id: id,
    account_id: accountId,
    counter_account_id: counterAccountId,
    type,
    amount_cents: amountCents,
    currency,
    ...rest,
    schema_version: 1,
  };
  return { id: eventId(id, name), type: name, key: id, time, body };
}
