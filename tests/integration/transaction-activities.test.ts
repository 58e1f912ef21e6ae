import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { transactionActivities } from '../../src/activities/transactions.ts';
import { newId } from '../../src/core/id.ts';
import { pendingTransaction } from '../../src/ledger/transaction.ts';
import { openAccount } from '../../src/store/accounts.ts';
import type { Pool } from '../../src/store/pool.ts';
import { beginTransaction } from '../../src/store/settlement.ts';
import { createPlaceTransaction, findTransaction } from '../../src/store/transactions.ts';
import { databaseOfFile, poolOf } from '../support/database.ts';
import { silent } from '../support/log.ts';
import { aClaim } from '../support/orders.ts';
import { withPoison } from '../support/poison.ts';

const { database, pool } = await databaseOfFile();

async function begun(): Promise<string> {
  const accountId = newId();
  await openAccount(pool, { id: accountId, owner: 'ada', currency: 'EUR', now: new Date() });
  const asked = {
    owner: 'ada',
    accountId,
    counterAccountId: null,
    type: 'CREDIT',
    amountCents: 100,
    currency: 'EUR',
    traceId: null,
    correlationId: null,
  } as const;
  const subject = pendingTransaction(newId(), asked, new Date());
  await createPlaceTransaction(pool)({ subject, response: '{}', claim: aClaim(), traceparent: null });
  await beginTransaction(pool, subject.id, {});
  return subject.id;
}

function applying(id: string, through: Pool = pool): Promise<unknown> {
  const { applyTransaction } = transactionActivities({ pool: through, signal: () => {}, log: silent });
  return new MockActivityEnvironment().run(applyTransaction, id, 1);
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

test('what Postgres refuses for what it says is the transaction’s own failure, in Postgres’ words', async () => {
  const id = await begun();
  const failure = await withPoison(database.url, () => failureOf(applying(id)));
  expect(failure).toMatchObject({ type: 'TransactionNotApplied', message: 'poison', nonRetryable: true });
});

test('a Postgres that is read-only, as in a failover, is an outage: the activity is tried again', async () => {
  const id = await begun();
  const [row] = await database.rows<{ name: string }>('select current_database() as name');
  await database.rows(`alter database ${row?.name} set default_transaction_read_only = on`);
  try {
    await using readOnly = await poolOf(database.url);
    const failure = await failureOf(applying(id, readOnly));
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(ApplicationFailure);
  } finally {
    await database.rows(`alter database ${row?.name} reset default_transaction_read_only`);
  }
  expect(await applying(id)).toEqual({ status: 'PROCESSED' });
  expect(await findTransaction(pool, id)).toMatchObject({ status: 'PROCESSED' });
});
