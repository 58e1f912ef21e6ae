import { createAuthenticator } from '../../src/api/authenticator.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { startIssuer } from '../support/issuer.ts';
import { applyTransaction, credit, ledgerOf } from '../support/ledger.ts';
import { silent } from '../support/log.ts';

const path = '/v1/admin/ledger';
let api: TestApi;
let ledger: ReturnType<typeof ledgerOf>;
beforeEach(async () => {
  api = await startTestApi();
  ledger = ledgerOf(api);
});
afterEach(() => api[Symbol.asyncDispose]());

async function applied(transaction: Record<string, unknown>): Promise<void> {
  await applyTransaction(api.pool, (await ledger.post(transaction)).json.id);
}

test('an empty book has no currency and no difference', async () => {
  expect(await ledger.get(path)).toMatchObject({
    status: 200,
    headers: { 'cache-control': 'no-store' },
    json: { currencies: [], differences: [] },
  });
});

test('the book adds up to 0 in each currency, digit by digit where sums are beyond 2^53', async () => {
  const amount_cents = Number.MAX_SAFE_INTEGER;
  for (const at of [1, 2, 3]) {
    const { id } = (await ledger.open()).json;
    await applied({ ...credit(id), amount_cents: amount_cents - at });
  }
  const [one, other] = [
    (await ledger.open({ currency: 'EUR' })).json.id,
    (await ledger.open({ currency: 'EUR' })).json.id,
  ];
  await applied({ ...credit(one), currency: 'EUR' });
  await applied({
    ...credit(one),
    type: 'DEBIT',
    currency: 'EUR',
    counter_account_id: other,
    amount_cents: 4_000,
  });
  await applied({ ...credit(other), type: 'DEBIT', currency: 'EUR', amount_cents: 1_000 });
  const sum = String(3n * BigInt(amount_cents) - 6n);
  const of = (currency: string, cents: string) => ({
    currency,
    customers_cents: cents,
    merchants_cents: '0',
    house_cents: `-${cents}`,
    total_cents: '0',
    balances_cents: cents,
  });
  expect((await ledger.get(path)).json).toEqual({
    currencies: [of('EUR', '9000'), of('USD', sum)],
    differences: [],
  });
});

test('an account whose balance is not the sum of its entries is named', async () => {
  const { id } = (await ledger.open()).json;
  await applied(credit(id));
  await api.database.rows('update accounts set balance_cents = balance_cents + 1 where id = $1', [id]);
  expect((await ledger.get(path)).json).toMatchObject({
    currencies: [{ customers_cents: '10000', total_cents: '0', balances_cents: '10001' }],
    differences: [{ account_id: id, balance_cents: '10001', entries_cents: '10000' }],
  });
});

test('the book is for operators', async () => {
  await using issuer = await startIssuer();
  const authenticator = createAuthenticator(issuer.settings, { log: silent });
  await using guarded = await startTestApi({ authenticator, database: api.database });
  const statusFor = async (scope: string) => {
    const Authorization = `Bearer ${await issuer.token({ claims: { scope } })}`;
    return (await ledgerOf(guarded, { Authorization }).get(path)).status;
  };
  expect([await statusFor('admin'), await statusFor('orders:read orders:write')]).toEqual([200, 403]);
});
