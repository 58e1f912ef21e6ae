import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { decideCharge, decideRefund } from './decide.ts';
import { createGroupCommit } from './group-commit.ts';
import { openLedger } from './ledger.ts';
import { LedgerVersionError } from './refusals.ts';
import { call, charge, startService, temporaryLedger } from './service.fixture.ts';

const request = { orderId: 'o', merchantId: null, amountCents: 100, currency: 'EUR' };

test('a ledger keeps its entries when it is opened again', () => {
  using place = temporaryLedger();
  const ledger = openLedger(place.file);
  const { entry } = ledger.transaction(() => decideCharge(ledger, { key: 'k', ...request }));
  ledger[Symbol.dispose]();

  using again = openLedger(place.file);
  expect(again.byKey('k')).toEqual(entry);
});

test('amounts up to 2^53 - 1 survive, and so do their refunds', () => {
  using place = temporaryLedger();
  using ledger = openLedger(place.file);
  const amountCents = Number.MAX_SAFE_INTEGER;
  ledger.transaction(() => decideCharge(ledger, { ...request, key: 'k', amountCents }));
  const { entry } = ledger.transaction(() =>
    decideRefund(ledger, { key: 'r', of: { orderId: 'o' }, amountCents }),
  );
  expect(entry.amountCents).toBe(amountCents);
  expect(ledger.refundedCents(entry.chargeId ?? '')).toBe(amountCents);
});

test('a ledger of a newer program is refused and left alone', () => {
  using place = temporaryLedger();
  mkdirSync(dirname(place.file), { recursive: true });
  const newer = new DatabaseSync(place.file);
  newer.exec('pragma user_version = 99');
  newer.close();
  expect(() => openLedger(place.file)).toThrow(LedgerVersionError);
});

test('requests of one turn share one commit, and one that fails leaves its neighbours alone', async () => {
  using place = temporaryLedger();
  using ledger = openLedger(place.file);
  let commits = 0;
  const commit = createGroupCommit({
    ...ledger,
    transaction: (work) => {
      commits += 1;
      return ledger.transaction(work);
    },
  });
  const outcomes = await Promise.allSettled([
    commit(() => decideCharge(ledger, { ...request, key: 'a' })),
    commit(() => decideCharge(ledger, { ...request, key: 'a', amountCents: 2 })),
    commit(() => decideCharge(ledger, { ...request, key: 'broken', amountCents: -1 })),
    commit(() => decideCharge(ledger, { ...request, key: 'b' })),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(commits).toBe(1);
  expect(ledger.movements({ after: 0, limit: 10 }).map(({ key }) => key)).toEqual(['a', 'b']);
});

test('nobody is answered when the commit fails, and nothing is kept', async () => {
  using place = temporaryLedger();
  using ledger = openLedger(place.file);
  const commit = createGroupCommit({
    ...ledger,
    transaction: (work) =>
      ledger.transaction(() => {
        work();
        throw new Error('disk full');
      }),
  });
  const outcomes = await Promise.allSettled(
    ['a', 'b'].map((key) => commit(() => decideCharge(ledger, { ...request, key }))),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(ledger.movements({ after: 0, limit: 10 })).toEqual([]);
});

test('a ledger held by another process answers 503 and recovers by itself', async () => {
  using place = temporaryLedger();
  await using service = await startService(place.file);
  const other = new DatabaseSync(place.file);
  other.exec('begin immediate');
  const held = await call(`${service.url}/v1/charges`, { key: 'k', body: charge });
  expect([held.status, held.body.code, held.headers.get('retry-after')]).toEqual([503, 'ledger_busy', '1']);
  other.exec('rollback');
  other.close();
  expect((await call(`${service.url}/v1/charges`, { key: 'k', body: charge })).status).toBe(201);
});
