import { eventId, newId } from '../../src/core/id.ts';
import { capturePosting } from '../../src/ledger/posting.ts';
import { pendingTransaction, type Transaction } from '../../src/ledger/transaction.ts';
import { orderCanceled, orderProcessed } from '../../src/order/events.ts';
import { openAccount, setAccountStatus } from '../../src/store/accounts.ts';
import { readTrialBalance } from '../../src/store/entries.ts';
import { moveOrder } from '../../src/store/moves.ts';
import { beginTransaction, setTransactionAside, settleTransaction } from '../../src/store/settlement.ts';
import { createPlaceTransaction } from '../../src/store/transactions.ts';
import { databaseOfFile } from '../support/database.ts';
import { aClaim, placed } from '../support/orders.ts';

const { database, pool } = await databaseOfFile();
const place = createPlaceTransaction(pool);

async function account(balanceCents = 0, { currency = 'EUR', owner = 'ada' } = {}): Promise<string> {
  const id = newId();
  await openAccount(pool, { id, owner, currency, now: new Date() });
  if (balanceCents > 0)
    await settled({ accountId: id, type: 'CREDIT', amountCents: balanceCents, currency, owner });
  return id;
}

type Given = Partial<Transaction> & Pick<Transaction, 'accountId'>;

async function begun(given: Given): Promise<Transaction> {
  const asked = {
    owner: 'ada',
    counterAccountId: null,
    type: 'DEBIT',
    amountCents: 100,
    currency: 'EUR',
    traceId: null,
    correlationId: 'request-1',
    ...given,
  } as const;
  const transaction = pendingTransaction(newId(), asked, new Date());
  await place({ subject: transaction, response: '{}', claim: aClaim(), traceparent: null });
  await beginTransaction(pool, transaction.id, {});
  return transaction;
}

const settle = (transaction: Transaction) => settleTransaction(pool, transaction, null);

async function settled(given: Given) {
  const transaction = await begun(given);
  const changed = await settle(transaction);
  if (changed.outcome !== 'changed') throw new Error(changed.outcome);
  return changed.transaction;
}

async function balanceOf(id: string): Promise<number> {
  const [row] = await database.rows<{ cents: number }>(
    'select balance_cents::float8 as cents from accounts where id = $1',
    [id],
  );
  return row?.cents ?? Number.NaN;
}

const entriesOf = (id: string) =>
  database.rows<{ account: string; cents: number }>(
    'select kind, account, amount_cents::float8 as cents from entries where subject_id = $1 order by kind, cents',
    [id],
  );

const eventsOf = (id: string) =>
  database.rows<{ type: string; body: string }>('select type, body from outbox where key = $1 order by id', [
    id,
  ]);

test('a credit gives to the account what the house pays in, in one posting that sums to zero', async () => {
  const id = await account();
  const transaction = await settled({ accountId: id, type: 'CREDIT', amountCents: 2_500 });
  expect(transaction).toMatchObject({ status: 'PROCESSED', failureReason: null, version: 3 });
  expect(await balanceOf(id)).toBe(2_500);
  expect(await entriesOf(transaction.id)).toEqual([
    { kind: 'transaction', account: 'house:funding', cents: -2_500 },
    { kind: 'transaction', account: `customer:${id}`, cents: 2_500 },
  ]);
});

test('a debit takes from it, down to the last cent', async () => {
  const id = await account(2_500);
  expect(await settled({ accountId: id, amountCents: 2_500 })).toMatchObject({ status: 'PROCESSED' });
  expect(await balanceOf(id)).toBe(0);
});

test('with a counter account the money moves between the two, whichever of them asks', async () => {
  const [one, other] = [await account(1_000), await account(1_000)];
  await settled({ accountId: one, counterAccountId: other, amountCents: 300 });
  await settled({ accountId: one, counterAccountId: other, amountCents: 50, type: 'CREDIT' });
  expect([await balanceOf(one), await balanceOf(other)]).toEqual([750, 1_250]);
});

describe('a transaction fails for good, and moves nothing,', () => {
  const suspended = async () => {
    const id = await account(1_000);
    await setAccountStatus(pool, { id, status: 'SUSPENDED', version: 2 });
    return id;
  };
  const most = Number.MAX_SAFE_INTEGER;
  test.each<[reason: string, given: () => Promise<Given>]>([
    ['account_not_found', async () => ({ accountId: newId() })],
    ['account_not_found', async () => ({ accountId: await account(1_000, { owner: 'bob' }) })],
    [
      'counter_account_not_found',
      async () => ({ accountId: await account(1_000), counterAccountId: newId() }),
    ],
    ['account_suspended', async () => ({ accountId: await suspended() })],
    [
      'counter_account_suspended',
      async () => ({ accountId: await account(1_000), counterAccountId: await suspended() }),
    ],
    ['currency_mismatch', async () => ({ accountId: await account(1_000, { currency: 'USD' }) })],
    [
      'currency_mismatch',
      async () => ({
        accountId: await account(1_000),
        counterAccountId: await account(0, { currency: 'USD' }),
      }),
    ],
    ['insufficient_funds', async () => ({ accountId: await account(99) })],
    [
      'insufficient_funds',
      async () => ({ accountId: await account(), counterAccountId: await account(99), type: 'CREDIT' }),
    ],
    ['balance_overflow', async () => ({ accountId: await account(most), type: 'CREDIT', amountCents: 1 })],
  ])('for %s', async (reason, given) => {
    const asked = await given();
    const ids = [asked.accountId, asked.counterAccountId ?? asked.accountId];
    const before = await Promise.all(ids.map(balanceOf));
    const transaction = await settled(asked);
    expect(transaction).toMatchObject({ status: 'FAILED', failureReason: reason });
    expect(await Promise.all(ids.map(balanceOf))).toEqual(before);
    expect(await entriesOf(transaction.id)).toEqual([]);
    const [, failed] = await eventsOf(transaction.id);
    expect(failed?.type).toBe('transaction.failed');
    expect(JSON.parse(failed?.body ?? '')).toMatchObject({ status: 'FAILED', reason, schema_version: 1 });
  });
});

test('what is settled stays so: another try changes nothing and says what it came to', async () => {
  const id = await account(1_000);
  const transaction = await begun({ accountId: id });
  expect(await settle(transaction)).toMatchObject({ outcome: 'changed' });
  for (const again of await Promise.all(Array.from({ length: 10 }, () => settle(transaction))))
    expect(again).toMatchObject({ outcome: 'unchanged', transaction: { status: 'PROCESSED' } });
  expect(await balanceOf(id)).toBe(900);
  expect((await eventsOf(transaction.id)).map(({ type }) => type)).toEqual([
    'transaction.created',
    'transaction.processed',
  ]);
});

test('ten tries at once apply it once', async () => {
  const id = await account(1_000);
  const transaction = await begun({ accountId: id });
  const tries = await Promise.all(Array.from({ length: 10 }, () => settle(transaction)));
  expect(tries.filter(({ outcome }) => outcome === 'changed')).toHaveLength(1);
  expect(await balanceOf(id)).toBe(900);
});

test('an event that was processed before is not processed again, whatever the transaction says', async () => {
  const id = await account(1_000);
  const transaction = await begun({ accountId: id });
  await database.rows('insert into processed_events values ($1, $2, now())', [
    eventId(transaction.id, 'transaction.created'),
    transaction.id,
  ]);
  expect(await settle(transaction)).toMatchObject({ outcome: 'unchanged' });
  expect(await balanceOf(id)).toBe(1_000);
});

test('of 50 debits at once on one account as many go through as there is money for', async () => {
  const id = await account(1_000);
  const all = await Promise.all(Array.from({ length: 50 }, () => begun({ accountId: id })));
  const outcomes = await Promise.all(all.map(settle));
  const statuses = outcomes.map((one) => one.outcome === 'changed' && one.transaction.status);
  expect(statuses.filter((status) => status === 'PROCESSED')).toHaveLength(10);
  expect(statuses.filter((status) => status === 'FAILED')).toHaveLength(40);
  expect(await balanceOf(id)).toBe(0);
});

test('transfers to and fro at once do not wait for each other in a circle, and conserve the money', async () => {
  const [one, other] = [await account(10_000), await account(10_000)];
  const there = await Promise.all(
    Array.from({ length: 20 }, () => begun({ accountId: one, counterAccountId: other })),
  );
  const back = await Promise.all(
    Array.from({ length: 20 }, () => begun({ accountId: other, counterAccountId: one })),
  );
  const outcomes = await Promise.all([...there, ...back].map(settle));
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ outcome: 'changed', transaction: { status: 'PROCESSED' } });
  expect((await balanceOf(one)) + (await balanceOf(other))).toBe(20_000);
  expect(await balanceOf(one)).toBe(10_000);
});

test('one that is set aside is failed, told, and among the dead letters', async () => {
  const transaction = await begun({ accountId: await account(1_000) });
  const dead = { attempts: 5, error: 'poison' };
  const aside = () => setTransactionAside(pool, transaction, { dead, traceparent: null });
  expect(await aside()).toMatchObject({
    outcome: 'changed',
    transaction: { status: 'FAILED', failureReason: 'processing_failed' },
  });
  expect(await aside()).toMatchObject({ outcome: 'unchanged' });
  const events = await eventsOf(transaction.id);
  expect(new Set(events.map(({ type }) => type))).toEqual(
    new Set(['transaction.created', 'transaction.failed', 'transaction.dead']),
  );
  const letter = events.find(({ type }) => type === 'transaction.dead');
  expect(JSON.parse(letter?.body ?? '')).toMatchObject({
    class: 'exhausted',
    attempts: 5,
    error: 'poison',
  });
});

describe('an order', () => {
  const processing = async (merchantId: string | null) => {
    const order = await placed(pool, { merchantId, amountCents: 1_200 });
    await moveOrder(pool, { orderId: order.id, from: 'pending', to: 'processing' });
    return order;
  };

  test('that completes credits its merchant, in the statement that completes it', async () => {
    const order = await processing('shop-7');
    const complete = {
      orderId: order.id,
      from: 'processing',
      to: 'completed',
      event: orderProcessed({ ...order, orderId: order.id, paymentId: 'ch_1' }, new Date()),
      postings: [capturePosting(order)],
    } as const;
    await moveOrder(pool, complete);
    await moveOrder(pool, complete);
    expect(await entriesOf(order.id)).toEqual([
      { kind: 'capture', account: 'house:provider', cents: -1_200 },
      { kind: 'capture', account: 'merchant:shop-7', cents: 1_200 },
    ]);
  });

  test('without a merchant is the house’s own sale', async () => {
    const order = await processing(null);
    await moveOrder(pool, {
      orderId: order.id,
      from: 'processing',
      to: 'completed',
      postings: [capturePosting(order)],
    });
    expect((await entriesOf(order.id)).map(({ account }) => account)).toEqual([
      'house:provider',
      'house:sales',
    ]);
  });

  test('is not completed when its posting does not sum to zero', async () => {
    const order = await processing('shop-7');
    const uneven = { kind: 'capture', lines: [{ account: 'merchant:shop-7', cents: 1_200 }] } as const;
    await expect(
      moveOrder(pool, { orderId: order.id, from: 'processing', to: 'completed', postings: [uneven] }),
    ).rejects.toMatchObject({ cause: { message: expect.stringContaining('does not sum to zero') } });
    expect(await entriesOf(order.id)).toEqual([]);
    const canceled = orderCanceled({ ...order, orderId: order.id }, new Date());
    expect(
      await moveOrder(pool, { orderId: order.id, from: 'processing', to: 'canceled', event: canceled }),
    ).toMatchObject({ outcome: 'moved' });
  });
});

test.each(['update entries set amount_cents = 1', 'delete from entries', 'truncate entries'])(
  'the book is for ever: %s',
  async (statement) => {
    await expect(database.rows(statement)).rejects.toThrow('entries are never changed or deleted');
  },
);

test('no balance below zero, whoever writes it', async () => {
  const id = await account(100);
  await expect(
    database.rows('update accounts set balance_cents = balance_cents - 101 where id = $1', [id]),
  ).rejects.toThrow('accounts_balance_possible');
});

test('the trial balance adds up to nothing, and finds the account whose balance is not what its entries say', async () => {
  const id = await account(700);
  const { totals, differences } = await readTrialBalance(pool);
  for (const { customers, merchants, house, balances } of totals) {
    expect(BigInt(customers) + BigInt(merchants) + BigInt(house)).toBe(0n);
    expect(balances).toBe(customers);
  }
  expect(differences).toEqual([]);
  await database.rows('update accounts set balance_cents = 701 where id = $1', [id]);
  expect((await readTrialBalance(pool)).differences).toEqual([
    { account_id: id, balance: '701', entries: '700' },
  ]);
});
