import type { Fact, Finding } from '../core/differences.ts';
import { findingsOfTransaction, findingsOfUnknownTransaction, ofPostings } from '../ledger/differences.ts';
import { capturePosting, type Posting, refundPosting } from '../ledger/posting.ts';
import { type ComparedOrder, findingsOfOrder } from '../order/differences.ts';
import type { Pool } from '../store/pool.ts';
import {
  forgetFacts,
  readFactsWithoutSubject,
  readOrdersWithFacts,
  readTransactionsWithFacts,
  type SettledPage,
} from '../store/reconciliation-facts.ts';
import type { Attempt, Difference, Result } from '../store/reconciliations.ts';
import { collectFacts, type Progress, pageSize, type Sides } from './collect-facts.ts';

const mostDifferences = 1_000;

/**
 * Compares every order with the provider's book, and every order and transaction with the open runs, the events and the
 * ledger. In memory are one page and the differences; what the other sides say is kept in Postgres, by subject, until it is
 * compared. Runs that are closed say nothing more than their subjects do, and Temporal forgets them.
 */
export async function reconcile(sides: Sides, attempt: Attempt, progress: Progress): Promise<Result> {
  const { pool } = sides;
  const { goOn } = progress;
  await forgetFacts(pool);
  const { counts, eventsSince } = await collectFacts(sides, attempt, progress);

  const differences: Difference[] = [];
  let differencesTotal = 0;
  const add = (subject: object, findings: readonly Finding[]) => {
    differencesTotal += findings.length;
    const room = mostDifferences - differences.length;
    // The subject has one of the two ids.
    for (const [kind, detail] of findings.slice(0, room))
      differences.push({ kind, ...subject, detail } as Difference);
  };
  for await (const { id, order, facts, entries } of settled(sides, attempt, readOrdersWithFacts, goOn)) {
    counts.orders += 1;
    const findings = findingsOfOrder({ order, facts, eventsSince });
    add({ order_id: id }, [...findings, ...ofPostings(postingsOf(order), entries)]);
  }
  for await (const one of settled(sides, attempt, readTransactionsWithFacts, goOn)) {
    counts.transactions += 1;
    add({ transaction_id: one.id }, findingsOfTransaction({ ...one, eventsSince }));
  }
  for await (const { id, facts } of factsWithoutSubject(pool, attempt, goOn)) {
    const [ofTransactions, ofOrders] = partition(facts);
    add({ order_id: id }, findingsOfOrder({ order: undefined, facts: ofOrders, eventsSince }));
    add({ transaction_id: id }, findingsOfUnknownTransaction(ofTransactions));
  }
  await goOn();
  await forgetFacts(pool);
  return { counts, differences, differencesTotal };
}

/** What an order must have posted: what was captured is the merchant's, or was given back. */
function postingsOf(order: ComparedOrder): Posting[] {
  if (order.status === 'completed') return [capturePosting(order)];
  return order.paymentState === 'refunded' ? [capturePosting(order), refundPosting(order)] : [];
}

function partition(facts: readonly Fact[]): [Fact[], Fact[]] {
  const isOfTransaction = (fact: Fact) =>
    (fact.side === 'run' && fact.of === 'transaction') ||
    (fact.side === 'event' && fact.type.startsWith('transaction.'));
  return [facts.filter(isOfTransaction), facts.filter((fact) => !isOfTransaction(fact))];
}

async function* settled<Row extends { readonly id: string }>(
  { pool, settledMs }: Sides,
  { attempt, startedAt }: Attempt,
  read: (pool: Pool, page: SettledPage) => Promise<readonly Row[]>,
  goOn: () => Promise<void>,
) {
  const before = new Date(startedAt.getTime() - settledMs);
  for (let after: string | undefined; ; ) {
    await goOn();
    const page = await read(pool, { attempt, before, after, limit: pageSize });
    yield* page;
    after = page.at(-1)?.id;
    if (after === undefined) return;
  }
}

async function* factsWithoutSubject(pool: Pool, { attempt }: Attempt, goOn: () => Promise<void>) {
  for (let after: string | undefined; ; ) {
    await goOn();
    const page = await readFactsWithoutSubject(pool, { attempt, after, limit: pageSize });
    yield* page.unknown;
    after = page.last;
    if (after === undefined) return;
  }
}
