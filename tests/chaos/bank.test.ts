import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import type { Answer } from '../acceptance/outside/api.ts';
import {
  createLedger,
  type Ledger,
  type NewTransaction,
  readTransaction,
} from '../acceptance/outside/ledger.ts';
import { eventually } from '../support/eventually.ts';
import { systemOfFile } from '../support/own-stack.ts';

const isLong = process.env.TBD_LONG === 'true';
const runsForMs = isLong ? 60_000 : 20_000;
const openingCents = 10_000;
const lanes = 4;
const seed = 7;

const system = systemOfFile();
let ledger: Ledger;
beforeAll(() => {
  ledger = createLedger(system().api);
});

/** Repeats with the same key until it is answered with something that stays so. */
async function untilAnswered(send: () => Promise<Answer>): Promise<Answer> {
  return eventually(async () => {
    const answer = await send();
    if (answer.status >= 500 || answer.status === 409) throw new Error(`answered ${answer.status}`);
    return answer;
  }, 60_000);
}

// A small generator with a seed, so that a run that fails can be had again: Numerical Recipes' 32-bit LCG.
function randomly(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test(
  'eight accounts conserve their money at every moment, although workers are killed and Postgres restarts',
  async () => {
    const accounts = await Promise.all(Array.from({ length: 8 }, () => ledger.open()));
    const ids = accounts.map(({ id }) => id);
    for (const id of ids) {
      const { id: credit } = await ledger.accept({
        account_id: id,
        type: 'CREDIT',
        amount_cents: openingCents,
      });
      await ledger.untilSettled(credit);
    }

    const asked = new Map<string, NewTransaction>();
    const stop = new AbortController();
    const clients = Array.from({ length: lanes }, async (_, lane) => {
      const below = randomly(seed + lane);
      while (!stop.signal.aborted) {
        const [from, to] = [ids[below(8)] ?? '', ids[below(8)] ?? ''];
        const transaction: NewTransaction = {
          account_id: from,
          type: below(2) === 0 || to === from ? 'DEBIT' : 'CREDIT',
          // Now and then more than there is.
          amount_cents: 1 + below(openingCents / 4),
          ...(to === from ? {} : { counter_account_id: to }),
        };
        const key = `${lane}-${asked.size}-${below(2 ** 31)}`;
        const answer = await untilAnswered(() => ledger.post(transaction, key));
        asked.set(readTransaction(answer, 202).id, transaction);
        await pause(100);
      }
    });

    const snapshots: bigint[] = [];
    const watching = (async () => {
      while (!stop.signal.aborted) {
        // While Postgres restarts nobody can look.
        const seen = await ledger.trialBalance().catch(() => undefined);
        if (seen !== undefined) {
          expect(seen.differences).toEqual([]);
          const [euros] = seen.currencies;
          expect(euros).toMatchObject({ total_cents: '0', balances_cents: euros?.customers_cents });
          snapshots.push(BigInt(euros?.balances_cents ?? '0'));
        }
        await pause(50);
      }
    })();

    const { stack } = system();
    const faults = ['worker', 'postgres', 'worker', 'relay'];
    for (const name of faults) {
      await pause(runsForMs / (faults.length + 1));
      await stack.kill(name);
      await stack.untilReady(name);
    }
    await pause(runsForMs / (faults.length + 1));
    stop.abort();
    await Promise.all([...clients, watching]);

    const settled = await Promise.all([...asked.keys()].map((id) => ledger.untilSettled(id, 90_000)));
    const paidOut = settled
      .filter(({ status, counter_account_id }) => status === 'PROCESSED' && counter_account_id === null)
      .reduce((sum, { amount_cents }) => sum + amount_cents, 0);
    const balances = await Promise.all(ids.map(async (id) => (await ledger.account(id)).balance_cents));
    const total = balances.reduce((sum, cents) => sum + cents, 0);
    expect(total).toBe(8 * openingCents - paidOut);
    // Transfers conserve and debits pay out: the total never rises, and never falls below where it ends.
    expect(snapshots.length).toBeGreaterThan(20);
    for (const [at, snapshot] of snapshots.entries())
      expect(snapshot <= (snapshots[at - 1] ?? BigInt(8 * openingCents)) && snapshot >= BigInt(total)).toBe(
        true,
      );
    expect(expectedBalances(ids, settled)).toEqual(balances);
    expect(new Set(settled.map(({ failure_reason }) => failure_reason))).toEqual(
      new Set([null, 'insufficient_funds']),
    );
    expect((await ledger.trialBalance()).differences).toEqual([]);
  },
  runsForMs + 240_000,
);

/** What the accounts must hold by what the clients were told of each transaction. */
function expectedBalances(
  ids: readonly string[],
  settled: readonly Awaited<ReturnType<Ledger['untilSettled']>>[],
): number[] {
  const balances = new Map(ids.map((id) => [id, openingCents]));
  const add = (id: string | null, cents: number) =>
    id !== null && balances.set(id, (balances.get(id) ?? 0) + cents);
  for (const { status, type, account_id, counter_account_id, amount_cents } of settled) {
    if (status !== 'PROCESSED') continue;
    const sign = type === 'DEBIT' ? -1 : 1;
    add(account_id, sign * amount_cents);
    add(counter_account_id, -sign * amount_cents);
  }
  return [...balances.values()];
}

test('a transaction that Postgres refuses for what it is ends among the dead letters after five tries; others go on', async () => {
  const { id } = await ledger.open();
  const { addresses, events } = system();
  const database = new Client({ connectionString: addresses.database });
  await database.connect();
  try {
    // Stands for a defect that only this amount meets.
    await database.query(`create function poison() returns trigger language plpgsql as
      $$ begin raise exception 'poison'; end $$`);
    await database.query(`create trigger poison before insert on entries
      for each row when (new.amount_cents = 666) execute function poison()`);
    const poisoned = await ledger.accept({ account_id: id, type: 'CREDIT', amount_cents: 666 });
    const good = await ledger.accept({ account_id: id, type: 'CREDIT', amount_cents: 100 });
    expect(await ledger.untilSettled(good.id)).toMatchObject({ status: 'PROCESSED' });
    expect(await ledger.untilSettled(poisoned.id, 60_000)).toMatchObject({
      status: 'FAILED',
      failure_reason: 'processing_failed',
    });
    const letter = await eventually(async () => {
      const [found] = (await events.read('transactions.dlq')).filter(({ key }) => key === poisoned.id);
      if (found === undefined) throw new Error('no dead letter');
      return found;
    }, 10_000);
    expect(JSON.parse(letter.value ?? '')).toMatchObject({
      transaction_id: poisoned.id,
      class: 'exhausted',
      attempts: 5,
      error: expect.stringContaining('poison'),
      record: { topic: 'transaction.created' },
    });
    expect((await ledger.account(id)).balance_cents).toBe(100);
  } finally {
    await database.query('drop function if exists poison cascade');
    await database.end();
  }
}, 120_000);
