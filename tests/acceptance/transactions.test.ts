import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import { withPoison } from '../support/poison.ts';
import { createLedger, type Ledger, readTransaction } from './outside/ledger.ts';
import { openSystem, type System } from './outside/system.ts';

let system: System;
let ledger: Ledger;

beforeAll(async () => {
  system = await openSystem(process.env);
  ledger = createLedger(system.api);
});
afterAll(() => system[Symbol.asyncDispose]());

async function accountWith(cents: number): Promise<string> {
  const { id } = await ledger.open();
  if (cents > 0) await settle({ account_id: id, type: 'CREDIT', amount_cents: cents });
  return id;
}

async function settle(transaction: Parameters<Ledger['accept']>[0]) {
  return ledger.untilSettled((await ledger.accept(transaction)).id);
}

const balanceOf = async (id: string) => (await ledger.account(id)).balance_cents;

const topics = ['transaction.created', 'transaction.processed', 'transaction.failed', 'transactions.dlq'];
const recordsOf = async (id: string) => (await system.events.read(...topics)).filter(({ key }) => key === id);

// Side by side: on accounts of their own, and two of them wait for pauses.
test.concurrent('money that is paid in, paid out and moved is where it should be, and each step is told once', async () => {
  const [one, other] = [await accountWith(5_000), await accountWith(0)];
  await settle({ account_id: one, type: 'DEBIT', amount_cents: 1_500 });
  const moved = await settle({
    account_id: one,
    counter_account_id: other,
    type: 'DEBIT',
    amount_cents: 500,
  });
  expect(moved).toMatchObject({ status: 'PROCESSED', failure_reason: null });
  expect([await balanceOf(one), await balanceOf(other)]).toEqual([3_000, 500]);

  expect(await system.runs.client.workflow.getHandle(`transaction-${moved.id}`).result()).toEqual({
    status: 'PROCESSED',
  });
  const records = await eventually(async () => {
    const found = await recordsOf(moved.id);
    expect(found.map(({ topic }) => topic)).toEqual(['transaction.created', 'transaction.processed']);
    return found;
  }, 10_000);
  for (const { headers } of records)
    expect(headers).toMatchObject({ ce_source: '/tbd/transactions', ce_subject: moved.id });
  const timeline = JSON.parse((await system.api.request(`/v1/transactions/${moved.id}/timeline`)).text);
  expect(timeline).toMatchObject({
    transaction_id: moved.id,
    items: [
      { step: 'accepted' },
      { step: 'begun', detail: { record: { topic: 'transaction.created' } } },
      { step: 'processed' },
    ],
  });
});

test.concurrent('more than there is fails with its reason, and moves nothing', async () => {
  const id = await accountWith(100);
  const failed = await settle({ account_id: id, type: 'DEBIT', amount_cents: 101 });
  expect(failed).toMatchObject({ status: 'FAILED', failure_reason: 'insufficient_funds' });
  expect(await balanceOf(id)).toBe(100);
  await eventually(async () => {
    const records = await recordsOf(failed.id);
    expect(records.map(({ topic }) => topic)).toEqual(['transaction.created', 'transaction.failed']);
  }, 10_000);
});

test.concurrent('an account that nobody has, or that is suspended, fails a transaction, and is no retry', async () => {
  const unknown = await settle({ account_id: randomUUID(), type: 'CREDIT', amount_cents: 1 });
  expect(unknown).toMatchObject({ status: 'FAILED', failure_reason: 'account_not_found' });
  const id = await accountWith(100);
  const { version } = await ledger.account(id);
  const suspended = await system.api.request(`/v1/accounts/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'if-match': `"${version}"` },
    body: JSON.stringify({ status: 'SUSPENDED' }),
  });
  expect(suspended.status).toBe(200);
  expect(await settle({ account_id: id, type: 'DEBIT', amount_cents: 1 })).toMatchObject({
    status: 'FAILED',
    failure_reason: 'account_suspended',
  });
});

test.concurrent('one key is one transaction on one account and another on another, and belongs to its payload', async () => {
  const [one, other] = [await accountWith(0), await accountWith(0)];
  const key = randomUUID();
  const credit = (account_id: string, amount_cents = 700) =>
    ledger.post({ account_id, type: 'CREDIT', amount_cents }, key);
  const answers = await Promise.all([credit(one), credit(other), credit(one), credit(one)]);
  const ids = answers.map((answer) => readTransaction(answer, 202).id);
  expect(new Set(ids).size).toBe(2);
  expect((await credit(one, 701)).status).toBe(422);
  for (const id of new Set(ids)) await ledger.untilSettled(id);
  expect([await balanceOf(one), await balanceOf(other)]).toEqual([700, 700]);
});

test.concurrent('a transaction.created that is read again, even after its run was forgotten, changes no balance', async () => {
  const id = await accountWith(1_000);
  const debit = await settle({ account_id: id, type: 'DEBIT', amount_cents: 400 });
  const again = async () => {
    await system.events.repeat('transaction.created', debit.id);
    await eventually(
      async () => expect(await system.events.lag('tbd-workers-transactions', 'transaction.created')).toBe(0),
      15_000,
    );
  };
  await again();
  const workflowId = `transaction-${debit.id}`;
  await system.runs.forget(workflowId);
  await again();
  // The new run finds that all is done.
  await eventually(async () => {
    expect(await system.runs.client.workflow.getHandle(workflowId).result()).toEqual({
      status: 'PROCESSED',
      reason: 'already_settled',
    });
  }, 15_000);
  expect(await balanceOf(id)).toBe(600);
  const ends = (await recordsOf(debit.id)).filter(({ topic }) => topic !== 'transaction.created');
  expect(ends.map(({ topic }) => topic)).toEqual(['transaction.processed']);
}, 150_000);

test('an order’s money is its merchant’s once it is completed, and the book adds up', async () => {
  const merchantsOf = async () => {
    const { currencies } = await ledger.trialBalance();
    return BigInt(currencies.find(({ currency }) => currency === 'CHF')?.merchants_cents ?? '0');
  };
  const before = await merchantsOf();
  const order = {
    customer_email: 'buyer@example.com',
    amount_cents: 1_234,
    currency: 'CHF',
    merchant_id: `shop-${randomUUID()}`,
  };
  const { id } = await system.api.accept(order);
  await system.api.untilFinal(id);
  expect((await merchantsOf()) - before).toBe(1_234n);
  const { currencies, differences } = await ledger.trialBalance();
  expect(new Set(currencies.map(({ total_cents }) => total_cents))).toEqual(new Set(['0']));
  for (const { customers_cents, balances_cents } of currencies) expect(balances_cents).toBe(customers_cents);
  expect(differences).toEqual([]);
});

test.concurrent('one that Postgres refuses for what it is ends among the dead letters after five tries; others go on', async () => {
  const id = await accountWith(0);
  const { addresses, events } = system;
  const [poisoned, good] = await withPoison(
    addresses.database,
    () =>
      Promise.all(
        [66_666, 100].map(async (amount_cents) => {
          const accepted = await ledger.accept({ account_id: id, type: 'CREDIT', amount_cents });
          return ledger.untilSettled(accepted.id, 60_000);
        }),
      ),
    66_666,
  );
  expect(good).toMatchObject({ status: 'PROCESSED' });
  expect(poisoned).toMatchObject({ status: 'FAILED', failure_reason: 'processing_failed' });
  const letter = await eventually(async () => {
    const [found] = (await events.read('transactions.dlq')).filter(({ key }) => key === poisoned?.id);
    if (found === undefined) throw new Error('no dead letter');
    return found;
  }, 10_000);
  expect(JSON.parse(letter.value ?? '')).toMatchObject({
    transaction_id: poisoned?.id,
    class: 'exhausted',
    attempts: 5,
    error: expect.stringContaining('poison'),
    record: { topic: 'transaction.created' },
  });
  expect(await balanceOf(id)).toBe(100);
}, 120_000);

test('the worker tells of its work under the names that other systems of this family use', async () => {
  const metrics = await Promise.all(
    system.stack
      .processes()
      .filter(({ metricsPort }) => metricsPort !== undefined)
      .map(async ({ metricsPort }) => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()),
  );
  for (const name of [
    'events_consumed_total{topic="transaction.created",outcome="started"}',
    'worker_processing_duration_seconds_count{activity="applyTransaction"}',
    'worker_retries_total{activity="applyTransaction"}',
    'dlq_messages_total{topic="transaction.created",class="exhausted"}',
  ])
    expect(metrics.some((text) => text.includes(name))).toBe(true);
});
