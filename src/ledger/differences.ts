import { bySide, type Fact, type Finding, ofEvents, ofRuns } from '../core/differences.ts';
import { type Posting, transactionPosting } from './posting.ts';
import { isSettled, type Transaction, type TransactionStatus } from './transaction.ts';

export type ComparedTransaction = Pick<
  Transaction,
  | 'status'
  | 'type'
  | 'accountId'
  | 'counterAccountId'
  | 'amountCents'
  | 'currency'
  | 'createdAt'
  | 'updatedAt'
>;

/** One line of the book. */
export interface Entry {
  readonly kind: string;
  readonly account: string;
  readonly cents: number;
}

const ends: Readonly<Partial<Record<TransactionStatus, string>>> = {
  PROCESSED: 'transaction.processed',
  FAILED: 'transaction.failed',
};

interface Sides {
  readonly transaction: ComparedTransaction;
  readonly facts: readonly Fact[];
  readonly entries: readonly Entry[];
  readonly eventsSince: Date | null;
}

/** What the sides of one transaction say against each other; nothing for one that is as it should be. */
export function findingsOfTransaction({ transaction, facts, entries, eventsSince }: Sides): Finding[] {
  const { status, createdAt, updatedAt } = transaction;
  const told = { noun: 'transaction', status, createdAt, updatedAt, expected: ends[status] } as const;
  const expected = status === 'PROCESSED' ? [transactionPosting(transaction)] : [];
  return [
    ...ofRuns({ status, isFinal: isSettled(status) }, facts),
    ...ofEvents(told, facts, eventsSince),
    ...ofPostings(expected, entries),
  ];
}

export function findingsOfUnknownTransaction(facts: readonly Fact[]): Finding[] {
  const { runs, events } = bySide(facts);
  return [
    ...(runs.length > 0 ? [['run_without_transaction', {}] as const] : []),
    ...(events.length > 0
      ? [['event_of_unknown_transaction', { events: events.map(({ type }) => type) }] as const]
      : []),
  ];
}

/** What the book says of a subject beside what it should. */
export function* ofPostings(expected: readonly Posting[], entries: readonly Entry[]): Generator<Finding> {
  const wanted = expected.flatMap(({ kind, lines }) => lines.map((line) => ({ kind, ...line })));
  if (textOf(wanted) === textOf(entries)) return;
  const detail = { expected: wanted, entries };
  if (entries.length === 0) yield ['posting_missing', detail];
  else if (wanted.length === 0) yield ['posting_unexpected', detail];
  else yield ['posting_differs', detail];
}

function textOf(entries: readonly Entry[]): string {
  return entries
    .map(({ kind, account, cents }) => `${kind} ${cents} ${account}`)
    .toSorted()
    .join('\n');
}
