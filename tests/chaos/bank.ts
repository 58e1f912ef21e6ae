import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from '../acceptance/outside/api.ts';
import {
  type Ledger,
  type NewTransaction,
  readTransaction,
  type Transaction,
} from '../acceptance/outside/ledger.ts';
import { eventually } from '../support/eventually.ts';

export interface Bank {
  /** Clients come again. */
  open(): void;
  /** They go home; resolves once each transaction they asked for has come to its end. */
  rest(): Promise<void>;
  /** Everything that was against the rules, empty when all is well; while it rests. */
  close(): Promise<{ violations: string[]; settled: readonly Transaction[]; snapshots: number }>;
}

const openingCents = 10_000;
const lanes = 4;
// 10 transactions a second: what waits while nothing is carried out has to fit into a test.
const paceMs = 400;
const lookEveryMs = 100;
// The longest that a part may be away, the start of the whole stack included.
const answeredWithinMs = 120_000;

/** Eight accounts whose money random clients move, pay out and try to overdraw, and somebody who looks at the book meanwhile. */
export async function openBank(ledger: Ledger, seed: number): Promise<Bank> {
  const ids = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const { id } = await ledger.open();
      const credit = { account_id: id, type: 'CREDIT', amount_cents: openingCents } as const;
      await ledger.untilSettled((await ledger.accept(credit)).id);
      return id;
    }),
  );
  const closed = new AbortController();
  const settled: Transaction[] = [];
  let asked: string[] = [];
  const violations: string[] = [];
  const snapshots: bigint[] = [];

  const below = randomly(seed);
  let isResting = true;
  let clients: Promise<unknown> = Promise.resolve();
  const client = async (): Promise<void> => {
    while (!isResting) {
      const transaction = randomTransaction(ids, below);
      const key = randomUUID();
      const answer = await untilAnswered(() => ledger.post(transaction, key));
      asked.push(readTransaction(answer, 202).id);
      await pause(paceMs);
    }
  };
  const look = async (): Promise<void> => {
    // While Postgres is away nobody can.
    const seen = await ledger.trialBalance().catch(() => undefined);
    if (seen === undefined) return;
    const euros = seen.currencies.find(({ currency }) => currency === 'EUR');
    if (euros === undefined) return;
    if (seen.differences.length > 0) violations.push(`balances differ: ${JSON.stringify(seen.differences)}`);
    if (euros.total_cents !== '0') violations.push(`the book adds up to ${euros.total_cents}`);
    if (euros.balances_cents !== euros.customers_cents)
      violations.push(`balances of ${euros.balances_cents} with entries of ${euros.customers_cents}`);
    snapshots.push(BigInt(euros.balances_cents));
  };
  const watcher = async (): Promise<void> => {
    for (; !closed.signal.aborted; await pause(lookEveryMs)) await look();
  };
  const watching = watcher();

  return {
    open() {
      isResting = false;
      clients = Promise.all(Array.from({ length: lanes }, client));
      // Heard in rest(); until then it must not end the process.
      clients.catch(() => {});
    },
    async rest() {
      isResting = true;
      await clients;
      settled.push(...(await Promise.all(asked.map((id) => ledger.untilSettled(id, answeredWithinMs)))));
      asked = [];
    },
    async close() {
      closed.abort();
      await watching;
      await look();
      const balances = await Promise.all(ids.map(async (id) => (await ledger.account(id)).balance_cents));
      violations.push(...wrongBalances(ids, balances, settled), ...wrongSnapshots(snapshots, balances));
      return { violations, settled, snapshots: snapshots.length };
    },
  };
}

function randomTransaction(ids: readonly string[], below: (bound: number) => number): NewTransaction {
  const [from, to] = [ids[below(ids.length)] ?? '', ids[below(ids.length)] ?? ''];
  // Now and then more than there is.
  const amount_cents = 1 + below(openingCents / 4);
  if (from === to) return { account_id: from, type: 'DEBIT', amount_cents };
  const type = below(2) === 0 ? 'DEBIT' : 'CREDIT';
  return { account_id: from, counter_account_id: to, type, amount_cents };
}

/** By what the clients were told of each transaction. */
function wrongBalances(
  ids: readonly string[],
  balances: readonly number[],
  settled: readonly Transaction[],
): string[] {
  const expected = new Map(ids.map((id) => [id, openingCents]));
  const add = (id: string | null, cents: number) =>
    id !== null && expected.set(id, (expected.get(id) ?? 0) + cents);
  for (const { status, type, account_id, counter_account_id, amount_cents } of settled) {
    if (status !== 'PROCESSED') continue;
    const cents = type === 'DEBIT' ? -amount_cents : amount_cents;
    add(account_id, cents);
    add(counter_account_id, -cents);
  }
  return ids.flatMap((id, at) =>
    expected.get(id) === balances[at]
      ? []
      : [`account ${id} has ${balances[at]} instead of ${expected.get(id)}`],
  );
}

/** Transfers conserve the money and debits pay it out: the total never rises, and never falls below where it ends. */
function wrongSnapshots(snapshots: readonly bigint[], balances: readonly number[]): string[] {
  const end = BigInt(balances.reduce((sum, cents) => sum + cents, 0));
  return snapshots.flatMap((seen, at) =>
    seen <= (snapshots[at - 1] ?? seen) && seen >= end
      ? []
      : [`snapshot ${at} shows ${seen}, after ${snapshots[at - 1]}; in the end there are ${end}`],
  );
}

/** Repeats with the same key until it is answered with something that stays so. */
function untilAnswered(send: () => Promise<Answer>): Promise<Answer> {
  return eventually(async () => {
    const answer = await send();
    if (answer.status >= 500 || answer.status === 409) throw new Error(`answered ${answer.status}`);
    return answer;
  }, answeredWithinMs);
}

// With a seed, so that the choices of a run that fails can be had again: the 32-bit generator of Numerical Recipes.
function randomly(start: number): (bound: number) => number {
  let state = start;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
