import { randomUUID } from 'node:crypto';
import { newId } from '../../src/core/id.ts';
import type { TestApi } from '../support/api.ts';
import { type GuardedApi, startGuardedApi } from '../support/guarded-api.ts';
import type { TestIssuer } from '../support/issuer.ts';
import { ledgerOf } from '../support/ledger.ts';

let started: GuardedApi;
let api: TestApi;
let issuer: TestIssuer;
let guarded: TestApi;
let ledger: ReturnType<typeof ledgerOf>;
beforeAll(async () => {
  started = await startGuardedApi();
  ({ api, guarded, issuer } = started);
  ledger = ledgerOf(api);
});
afterAll(() => started[Symbol.asyncDispose]());

const idsOf = (json: { items: { id: string }[] }) => json.items.map(({ id }) => id);
const count = async (): Promise<number> => {
  const [row] = await api.database.rows<{ n: number }>('select count(*)::int as n from accounts');
  return row?.n ?? 0;
};

test('a new account is a 201 with its place, its tag and itself, empty and in dollars', async () => {
  const answer = await ledger.open();
  const { id } = answer.json;
  expect(answer).toMatchObject({
    status: 201,
    headers: { location: `/v1/accounts/${id}`, etag: '"1"' },
  });
  expect(answer.json).toEqual({
    id,
    currency: 'USD',
    balance_cents: 0,
    status: 'ACTIVE',
    created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    updated_at: answer.json.created_at,
    version: 1,
  });
  expect((await ledger.get(`/v1/accounts/${id}`)).json).toEqual(answer.json);
});

test('without a key the same request twice is two accounts', async () => {
  const [one, other] = [await ledger.open({ currency: 'EUR' }), await ledger.open({ currency: 'EUR' })];
  expect([one.json.currency, other.json.currency]).toEqual(['EUR', 'EUR']);
  expect(one.json.id).not.toBe(other.json.id);
});

describe('an account with an Idempotency-Key', () => {
  const openWith = (key: string, body: unknown = { currency: 'EUR' }) =>
    ledger.open(body, { 'Idempotency-Key': key });

  test('is opened once by 20 requests at a time, and all but one say that they are repeats', async () => {
    const [key, before] = [randomUUID(), await count()];
    const answers = await Promise.all(Array.from({ length: 20 }, () => openWith(key)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(await count()).toBe(before + 1);
    const told = api.lines.filter(
      ({ msg, account_id }) => msg === 'account opened' && account_id === answers[0]?.json.id,
    );
    expect(told).toHaveLength(1);
  });

  test('is shown to a repeat as it is by then', async () => {
    const key = randomUUID();
    const { json } = await openWith(key);
    await ledger.change(json.id, 'SUSPENDED', { 'If-Match': '"1"' });
    expect(await openWith(key)).toMatchObject({
      status: 201,
      headers: { etag: '"2"', location: `/v1/accounts/${json.id}`, 'idempotent-replayed': 'true' },
      json: { id: json.id, status: 'SUSPENDED' },
    });
  });

  test('is a 422 with another body, and stays free after a refusal', async () => {
    const key = randomUUID();
    expect((await openWith(key, { currency: 'eur' })).status).toBe(400);
    expect((await openWith(key)).headers['idempotent-replayed']).toBeUndefined();
    const before = await count();
    expect((await openWith(key, { currency: 'USD' })).json).toMatchObject({
      status: 422,
      code: 'idempotency_key_reused',
    });
    expect(await count()).toBe(before);
  });

  test('is opened by the repeat when the first request died with nothing but the key', async () => {
    const key = randomUUID();
    const { json } = await openWith(key);
    await api.database.rows('delete from accounts where id = $1', [json.id]);
    expect(await openWith(key)).toMatchObject({ status: 201, json: { id: json.id, balance_cents: 0 } });
  });

  test('is another one once the key has expired', async () => {
    const key = randomUUID();
    const { json } = await openWith(key);
    await api.database.rows('update idempotency_keys set expires_at = now() where key = $1', [key]);
    const later = await openWith(key, { currency: 'USD' });
    expect(later).toMatchObject({ status: 201, json: { currency: 'USD' } });
    expect(later.json.id).not.toBe(json.id);
  });

  test('is refused with a key that is none', async () => {
    expect((await openWith('a b')).json).toMatchObject({ status: 400, code: 'idempotency_key_invalid' });
  });
});

test.each([
  ['a currency in lower case', { currency: 'usd' }, '/currency'],
  ['a currency that is none', { currency: 'XYZ' }, '/currency'],
  ['an unknown field', { balance_cents: 100 }, '/balance_cents'],
  ['a list', [], ''],
])('refused, and the answer points at it: %s', async (_, body, pointer) => {
  const before = await count();
  const { json } = await ledger.open(body);
  expect(json).toMatchObject({ status: 400, code: 'validation_failed', errors: [{ pointer }] });
  expect(await count()).toBe(before);
});

test('an account that the client has already is a 304, one in another state than it insists on a 412', async () => {
  const { id } = (await ledger.open()).json;
  const path = `/v1/accounts/${id}`;
  expect(await ledger.get(path, { 'If-None-Match': '"1"' })).toMatchObject({ status: 304, text: '' });
  expect(await ledger.get(path, { 'If-None-Match': '"2"' })).toMatchObject({ status: 200 });
  expect(await ledger.get(path, { 'If-Match': '"2"' })).toMatchObject({
    status: 412,
    headers: { etag: '"1"' },
  });
});

test.each(['', '/transactions'])(
  'an account that is not there is a 404, an id that is none a 400: …%s',
  async (rest) => {
    expect((await ledger.get(`/v1/accounts/${newId()}${rest}`)).json).toMatchObject({
      status: 404,
      code: 'account_not_found',
    });
    expect((await ledger.get(`/v1/accounts/7${rest}`)).json).toMatchObject({
      status: 400,
      code: 'validation_failed',
      errors: [{ pointer: '/id', detail: 'is not a UUID' }],
    });
  },
);

describe('changing the status', () => {
  test('suspends an account and lets it be used again, each from the state that was read', async () => {
    const { id } = (await ledger.open()).json;
    const suspended = await ledger.change(id, 'SUSPENDED', { 'If-Match': '"1"' });
    expect(suspended).toMatchObject({
      status: 200,
      headers: { etag: '"2"' },
      json: { id, status: 'SUSPENDED' },
    });
    const active = await ledger.change(id, 'ACTIVE', { 'If-Match': '"2"' });
    expect(active).toMatchObject({ status: 200, headers: { etag: '"3"' }, json: { status: 'ACTIVE' } });
    expect((await ledger.get(`/v1/accounts/${id}`)).json).toEqual(active.json);
  });

  test('to what it is already changes nothing', async () => {
    const opened = await ledger.open();
    const { id } = opened.json;
    const answer = await ledger.change(id, 'ACTIVE', { 'If-Match': '"1"' });
    expect([answer.status, answer.json]).toEqual([200, opened.json]);
  });

  test('without If-Match is a 428 that says what to send', async () => {
    const { id } = (await ledger.open()).json;
    const { json } = await ledger.change(id, 'SUSPENDED');
    expect(json).toMatchObject({ status: 428, code: 'precondition_required' });
    expect(json.detail).toContain('ETag');
    expect((await ledger.get(`/v1/accounts/${id}`)).json.status).toBe('ACTIVE');
  });

  test.each(['"2"', 'W/"1"', '1'])('from another state is a 412 and does nothing: %s', async (tag) => {
    const { id } = (await ledger.open()).json;
    expect(await ledger.change(id, 'SUSPENDED', { 'If-Match': tag })).toMatchObject({
      status: 412,
      headers: { etag: '"1"' },
      json: { code: 'precondition_failed' },
    });
    expect((await ledger.get(`/v1/accounts/${id}`)).json.status).toBe('ACTIVE');
  });

  test('from any state, where that is meant', async () => {
    const { id } = (await ledger.open()).json;
    expect(await ledger.change(id, 'SUSPENDED', { 'If-Match': '*' })).toMatchObject({ status: 200 });
  });

  test('by ten clients from one state is done by one of them', async () => {
    const { id } = (await ledger.open()).json;
    const change = () => ledger.change(id, 'SUSPENDED', { 'If-Match': '"1"' });
    const answers = await Promise.all(Array.from({ length: 10 }, change));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(9).fill(412)]);
    expect((await ledger.get(`/v1/accounts/${id}`)).json.version).toBe(2);
  });

  test.each([
    ['CLOSED', '/status'],
    [null, '/status'],
    [undefined, '/status'],
  ])('to %s is a 400', async (status, pointer) => {
    const { id } = (await ledger.open()).json;
    const { json } = await ledger.change(id, status, { 'If-Match': '"1"' });
    expect(json).toMatchObject({ status: 400, code: 'validation_failed', errors: [{ pointer }] });
  });

  test('of an account that is not there is a 404', async () => {
    const { json } = await ledger.change(newId(), 'ACTIVE', { 'If-Match': '*' });
    expect(json).toMatchObject({ status: 404, code: 'account_not_found' });
  });
});

test('a list shows the newest first; the Link header leads through its pages and back', async () => {
  const carl = ledgerOf(guarded, await issuer.bearer('carl'));
  const opened: string[] = [];
  for (let at = 0; at < 7; at += 1) opened.unshift((await carl.open()).json.id);
  const walk = async (start: string, relation: string) => {
    const pages: string[][] = [];
    let [path, last]: (string | undefined)[] = [start, start];
    while (path !== undefined) {
      const { json, headers } = await carl.get(path);
      pages.push(idsOf(json));
      last = path;
      path = new RegExp(`<([^>]+)>; rel="${relation}"`).exec(String(headers.link ?? ''))?.[1];
    }
    return { pages, last: last ?? start };
  };
  const down = await walk('/v1/accounts?limit=3', 'next');
  expect(down.pages).toEqual([opened.slice(0, 3), opened.slice(3, 6), opened.slice(6)]);
  expect((await walk(down.last, 'prev')).pages.toReversed()).toEqual(down.pages);
  const { json } = await carl.get('/v1/accounts?limit=5');
  expect(idsOf((await carl.get(`/v1/accounts?limit=5&cursor=${json.next}`)).json)).toEqual(opened.slice(5));
  expect((await carl.get('/v1/accounts')).json.next).toBeNull();
});

test.each(['limit=0', 'limit=101', 'cursor=none', 'page=1'])('a list with ?%s is a 400', async (query) => {
  const { json } = await ledger.get(`/v1/accounts?${query}`);
  const pointer = `?${query.split('=')[0]}`;
  expect(json).toMatchObject({ status: 400, code: 'validation_failed', errors: [{ pointer }] });
});

test('an account belongs to who opened it: to others it is not there', async () => {
  const ada = ledgerOf(guarded, await issuer.bearer('ada'));
  const bob = ledgerOf(guarded, await issuer.bearer('bob'));
  const { id } = (await ada.open()).json;
  const notThere = { status: 404, json: { code: 'account_not_found' } };
  expect(await bob.get(`/v1/accounts/${id}`)).toMatchObject(notThere);
  expect(await bob.get(`/v1/accounts/${id}/transactions`)).toMatchObject(notThere);
  expect(await bob.change(id, 'SUSPENDED', { 'If-Match': '*' })).toMatchObject(notThere);
  expect(idsOf((await bob.get('/v1/accounts')).json)).toEqual([]);
  expect(idsOf((await ada.get('/v1/accounts')).json)).toEqual([id]);
  expect((await ada.get(`/v1/accounts/${id}`)).json.status).toBe('ACTIVE');
});

test('one Idempotency-Key of two callers is two accounts', async () => {
  const key = { 'Idempotency-Key': randomUUID() };
  const open = async (name: string) =>
    (await ledgerOf(guarded, await issuer.bearer(name)).open({}, key)).json.id;
  expect(await open('dora')).not.toBe(await open('emil'));
});

test('to read takes the scope orders:read, to change anything orders:write', async () => {
  const reader = { Authorization: `Bearer ${await issuer.token({ claims: { scope: 'orders:read' } })}` };
  const asReader = ledgerOf(guarded, reader);
  expect((await asReader.get('/v1/accounts')).status).toBe(200);
  expect((await asReader.open()).status).toBe(403);
  expect((await asReader.change(newId(), 'ACTIVE', { 'If-Match': '*' })).status).toBe(403);
  expect((await ledgerOf(guarded).get('/v1/accounts')).status).toBe(401);
});

test('what is not served is a 405 that says what is; HEAD is served with every GET', async () => {
  const { id } = (await ledger.open()).json;
  const answer = await api.call({ method: 'DELETE', path: `/v1/accounts/${id}` });
  expect([answer.status, answer.headers.allow]).toEqual([405, 'HEAD, GET, PATCH']);
  const head = await api.call({ method: 'HEAD', path: `/v1/accounts/${id}` });
  expect([head.status, head.headers.etag, head.text]).toEqual([200, '"1"', '']);
});
