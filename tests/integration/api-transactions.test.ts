import { randomUUID } from 'node:crypto';
import { eventId, newId } from '../../src/core/id.ts';
import { type Answer, startTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { type GuardedApi, startGuardedApi } from '../support/guarded-api.ts';
import type { TestIssuer } from '../support/issuer.ts';
import { applyTransaction, credit, ledgerOf } from '../support/ledger.ts';

let started: GuardedApi;
let api: TestApi;
let issuer: TestIssuer;
let guarded: TestApi;
let ledger: ReturnType<typeof ledgerOf>;
let accountId: string;
beforeAll(async () => {
  started = await startGuardedApi();
  ({ api, guarded, issuer } = started);
  ledger = ledgerOf(api);
});
afterAll(() => started[Symbol.asyncDispose]());
beforeEach(async () => {
  accountId = (await ledger.open()).json.id;
});

const kept = ({ status, text, headers: { location, etag } }: Answer) => ({ status, text, location, etag });
const rows = async () =>
  (
    await api.database.rows(
      `select (select count(*)::int from transactions) as transactions, (select count(*)::int from outbox) as events,
       (select count(*)::int from idempotency_keys) as keys`,
    )
  )[0];

const apply = (id: string) => applyTransaction(api.pool, id);

test('a new transaction is a 202 with its place, its tag and itself, pending', async () => {
  const other = newId();
  const answer = await ledger.post({ ...credit(accountId), type: 'DEBIT', counter_account_id: other });
  const { id } = answer.json;
  expect(answer).toMatchObject({
    status: 202,
    headers: { location: `/v1/transactions/${id}`, etag: '"1"', 'retry-after': '1' },
  });
  expect(answer.headers['idempotent-replayed']).toBeUndefined();
  expect(answer.json).toEqual({
    id,
    account_id: accountId,
    counter_account_id: other,
    type: 'DEBIT',
    amount_cents: 10_000,
    currency: 'USD',
    status: 'PENDING',
    failure_reason: null,
    created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    updated_at: answer.json.created_at,
    version: 1,
    trace_id: answer.headers.trace_id,
  });
  expect((await ledger.get(`/v1/transactions/${id}`)).json).toEqual(answer.json);
  const events = await api.database.rows('select type, key, event_id from outbox where key = $1', [id]);
  expect(events).toEqual([
    { type: 'transaction.created', key: id, event_id: eventId(id, 'transaction.created') },
  ]);
});

test('without a counter account, or with null for one, the other side is the house', async () => {
  for (const counter of [{}, { counter_account_id: null }])
    expect(await ledger.post({ ...credit(accountId), ...counter })).toMatchObject({
      status: 202,
      json: { counter_account_id: null },
    });
});

describe('an Idempotency-Key', () => {
  test('makes the same request again the same answer, byte for byte, even when it has been applied since', async () => {
    const key = randomUUID();
    const first = await ledger.post(credit(accountId), key);
    const before = await rows();
    const second = await ledger.post(credit(accountId), key);
    expect(kept(second)).toEqual(kept(first));
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(await rows()).toEqual(before);
    await apply(first.json.id);
    expect(kept(await ledger.post(credit(accountId), key))).toEqual(kept(first));
    expect((await ledger.get(`/v1/accounts/${accountId}`)).json.balance_cents).toBe(10_000);
  });

  test('belongs to one account: on two it makes two transactions', async () => {
    const [key, other] = [randomUUID(), (await ledger.open()).json.id];
    const one = await ledger.post(credit(accountId), key);
    const two = await ledger.post(credit(other), key);
    expect([one.status, two.status]).toEqual([202, 202]);
    expect([one.json.account_id, two.json.account_id]).toEqual([accountId, other]);
    expect(two.headers['idempotent-replayed']).toBeUndefined();
    expect((await ledger.post(credit(accountId), key)).text).toBe(one.text);
    expect((await ledger.post(credit(other), key)).text).toBe(two.text);
  });

  test('with another payload is a 422 and writes nothing', async () => {
    const key = randomUUID();
    await ledger.post(credit(accountId), key);
    const before = await rows();
    for (const change of [{ amount_cents: 1 }, { type: 'DEBIT' }, { counter_account_id: newId() }]) {
      const { json } = await ledger.post({ ...credit(accountId), ...change }, key);
      expect(json).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
    }
    expect(await rows()).toEqual(before);
  });

  test('is that of the account however its id is spelled', async () => {
    const key = randomUUID();
    const first = await ledger.post(credit(accountId.toUpperCase()), key);
    expect(first).toMatchObject({ status: 202, json: { account_id: accountId } });
    expect(kept(await ledger.post(credit(accountId.toUpperCase()), key))).toEqual(kept(first));
    expect((await ledger.post(credit(accountId), key)).json).toMatchObject({
      status: 422,
      code: 'idempotency_key_reused',
    });
  });

  test('sent 50 times at once makes one transaction, one event and 50 equal answers', async () => {
    const [key, before] = [randomUUID(), (await rows()) as { transactions: number; events: number }];
    const answers = await Promise.all(Array.from({ length: 50 }, () => ledger.post(credit(accountId), key)));
    expect(new Set(answers.map((answer) => JSON.stringify(kept(answer)))).size).toBe(1);
    expect(answers[0]?.status).toBe(202);
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(await rows()).toMatchObject({
      transactions: before.transactions + 1,
      events: before.events + 1,
    });
  });

  test('of two callers makes two transactions', async () => {
    const key = randomUUID();
    const post = async (name: string) =>
      ledgerOf(guarded, await issuer.bearer(name)).post(credit(accountId), key);
    const [one, other] = [await post('ada'), await post('bob')];
    expect([one.status, other.status]).toEqual([202, 202]);
    expect(one.json.id).not.toBe(other.json.id);
  });

  test('is required, and free after a refusal', async () => {
    expect(
      await api.call({
        path: '/v1/transactions',
        body: credit(accountId),
        headers: { 'Idempotency-Key': undefined },
      }),
    ).toMatchObject({ status: 400, json: { code: 'idempotency_key_required' } });
    const key = randomUUID();
    expect((await ledger.post({ ...credit(accountId), amount_cents: 0 }, key)).status).toBe(400);
    const answer = await ledger.post(credit(accountId), key);
    expect([answer.status, answer.headers['idempotent-replayed']]).toEqual([202, undefined]);
  });
});

const id = '0198c5f0-5e2d-7b64-b1a0-7c3f9e4d8a21';
test.each([
  ['an amount of 0', { amount_cents: 0 }, '/amount_cents'],
  ['an amount below 0', { amount_cents: -1 }, '/amount_cents'],
  ['a fraction of a cent', { amount_cents: 0.5 }, '/amount_cents'],
  ['an amount of 2^53', { amount_cents: 2 ** 53 }, '/amount_cents'],
  ['an amount as text', { amount_cents: '100' }, '/amount_cents'],
  ['no amount', { amount_cents: undefined }, '/amount_cents'],
  ['an unknown field', { note: 'quick' }, '/note'],
  ['a currency in lower case', { currency: 'usd' }, '/currency'],
  ['a currency that is none', { currency: 'XYZ' }, '/currency'],
  ['a type in lower case', { type: 'debit' }, '/type'],
  ['no type', { type: undefined }, '/type'],
  ['no account', { account_id: undefined }, '/account_id'],
  ['an account that is no UUID', { account_id: '7' }, '/account_id'],
  ['a counter account that is no UUID', { counter_account_id: '7' }, '/counter_account_id'],
  ['the account as its own counter', { counter_account_id: id }, '/counter_account_id'],
  ['the same in capitals', { counter_account_id: id.toUpperCase() }, '/counter_account_id'],
])('refused, and the answer points at it: %s', async (_, change, pointer) => {
  const before = await rows();
  const { json } = await ledger.post({ ...credit(id), ...change });
  expect(json).toMatchObject({ status: 400, code: 'validation_failed', errors: [{ pointer }] });
  expect(json.errors).toHaveLength(1);
  expect(await rows()).toEqual(before);
});

test('the largest amount is accepted', async () => {
  const amount_cents = Number.MAX_SAFE_INTEGER;
  expect(await ledger.post({ ...credit(accountId), amount_cents })).toMatchObject({
    status: 202,
    json: { amount_cents },
  });
});

test('an account that is unknown is no matter of the request: its transaction fails, and says why', async () => {
  const { json } = await ledger.post(credit(newId()));
  await apply(json.id);
  expect(await ledger.get(`/v1/transactions/${json.id}`)).toMatchObject({
    status: 200,
    headers: { etag: '"3"' },
    json: { status: 'FAILED', failure_reason: 'account_not_found', version: 3 },
  });
});

test('one that was applied has another tag, and its account another balance', async () => {
  const { json } = await ledger.post(credit(accountId));
  const path = `/v1/transactions/${json.id}`;
  expect(await ledger.get(path, { 'If-None-Match': '"1"' })).toMatchObject({ status: 304, text: '' });
  await apply(json.id);
  expect(await ledger.get(path, { 'If-None-Match': '"1"' })).toMatchObject({
    status: 200,
    headers: { etag: '"3"' },
    json: { status: 'PROCESSED', failure_reason: null },
  });
  expect(await ledger.get(path, { 'If-Match': '"1"' })).toMatchObject({ status: 412 });
  expect(await ledger.get(`/v1/accounts/${accountId}`)).toMatchObject({
    headers: { etag: '"2"' },
    json: { balance_cents: 10_000, version: 2 },
  });
});

test('a timeline tells each step of a transaction, and what belongs to it', async () => {
  const { json, headers } = await ledger.post(credit(accountId));
  const path = `/v1/transactions/${json.id}/timeline`;
  const accepted = {
    version: 1,
    step: 'accepted',
    at: json.created_at,
    detail: {
      event: { id: eventId(json.id, 'transaction.created'), type: 'transaction.created' },
      trace_id: headers.trace_id,
      request_id: headers['x-request-id'],
    },
  };
  const first = { transaction_id: json.id, items: [accepted], last_failed_attempt: null };
  expect((await ledger.get(path)).json).toEqual(first);
  await apply(json.id);
  expect((await ledger.get(path)).json).toEqual({
    ...first,
    items: [
      accepted,
      expect.objectContaining({
        version: 2,
        step: 'begun',
        detail: { trace_id: headers.trace_id, workflow_id: `transaction-${json.id}`, run_id: 'run' },
      }),
      expect.objectContaining({
        version: 3,
        step: 'processed',
        detail: {
          trace_id: headers.trace_id,
          event: { id: eventId(json.id, 'transaction.processed'), type: 'transaction.processed' },
        },
      }),
    ],
  });
});

test('an account lists the transactions asked for on it, newest first, page by page', async () => {
  const other = (await ledger.open()).json.id;
  const posted: string[] = [];
  for (let at = 0; at < 5; at += 1) {
    posted.unshift((await ledger.post(credit(accountId))).json.id);
    await ledger.post({ ...credit(other), counter_account_id: accountId });
  }
  const path = `/v1/accounts/${accountId}/transactions`;
  const page = async (query: string) => {
    const { json, headers } = await ledger.get(`${path}?${query}`);
    return { ids: json.items.map((one: { id: string }) => one.id), next: json.next, link: headers.link };
  };
  const first = await page('limit=3');
  expect(first.ids).toEqual(posted.slice(0, 3));
  expect(first.link).toBe(`<${path}?cursor=${first.next}&limit=3>; rel="next"`);
  const second = await page(`limit=3&cursor=${first.next}`);
  expect([second.ids, second.next]).toEqual([posted.slice(3), null]);
  const [, prev = ''] = /<[^>]*\?([^>]+)>; rel="prev"/.exec(String(second.link)) ?? [];
  expect((await page(prev)).ids).toEqual(first.ids);
  expect((await ledger.get(`${path}?limit=101`)).json.errors).toMatchObject([{ pointer: '?limit' }]);
});

test('a transaction that is not there is a 404, an id that is none a 400, another method a 405', async () => {
  for (const rest of ['', '/timeline']) {
    expect((await ledger.get(`/v1/transactions/${newId()}${rest}`)).json).toMatchObject({
      status: 404,
      code: 'transaction_not_found',
    });
    const { json } = await ledger.get(`/v1/transactions/7${rest}`);
    expect(json).toMatchObject({ status: 400, errors: [{ pointer: '/id' }] });
  }
  expect(await ledger.get('/v1/transactions')).toMatchObject({ status: 405, headers: { allow: 'POST' } });
});

test('a transaction belongs to who asked for it: to others it is not there, nor is its account to them', async () => {
  const ada = ledgerOf(guarded, await issuer.bearer('ada'));
  const bob = ledgerOf(guarded, await issuer.bearer('bob'));
  const account = (await ada.open()).json.id;
  const { json } = await ada.post(credit(account));
  for (const path of [`/v1/transactions/${json.id}`, `/v1/transactions/${json.id}/timeline`]) {
    expect((await ada.get(path)).status).toBe(200);
    expect(await bob.get(path)).toMatchObject({ status: 404, json: { code: 'transaction_not_found' } });
  }
  expect((await bob.get(`/v1/accounts/${account}/transactions`)).status).toBe(404);
  const theft = await bob.post({ ...credit(account), type: 'DEBIT' });
  expect(theft.status).toBe(202);
  await apply(theft.json.id);
  expect((await bob.get(`/v1/transactions/${theft.json.id}`)).json).toMatchObject({
    status: 'FAILED',
    failure_reason: 'account_not_found',
  });
  expect((await ada.get(`/v1/accounts/${account}/transactions`)).json.items).toHaveLength(1);
});

test('while too much waits no transaction is taken; accounts are, and reading goes on', async () => {
  const admissionLimits = { unsentEvents: 1, oldestEventMs: 60_000, openOrders: 8 };
  await using closing = await startTestApi({ admissionLimits });
  const there = ledgerOf(closing);
  const { id: account } = (await there.open()).json;
  await there.post(credit(account));
  await eventually(async () => {
    expect(await there.post(credit(account))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      json: { code: 'admission_closed' },
    });
  }, 5_000);
  expect((await there.open()).status).toBe(201);
  expect((await there.get(`/v1/accounts/${account}/transactions`)).status).toBe(200);
});
