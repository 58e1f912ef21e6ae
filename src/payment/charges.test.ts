import { charge, sharedService } from './service.fixture.ts';

const { get, post, fresh } = sharedService();

test('a charge is captured', async () => {
  const key = fresh('key');
  const reply = await post('/v1/charges', key, charge);
  expect(reply.status).toBe(201);
  expect(reply.body).toEqual({
    ...charge,
    id: expect.stringMatching(/^ch_/),
    status: 'captured',
    key,
    created_at: expect.stringMatching(/^2.*Z$/),
  });
});

test('the same request again gets the same bytes and is marked as a replay', async () => {
  const key = fresh('key');
  const first = await post('/v1/charges', key, charge);
  const second = await post('/v1/charges', `"${key}"`, {
    currency: 'EUR',
    amount_cents: 4200.0,
    order_id: 'o-1',
  });
  expect([second.status, second.text]).toEqual([first.status, first.text]);
  expect(first.headers.get('idempotent-replayed')).toBeNull();
  expect(second.headers.get('idempotent-replayed')).toBe('true');
});

test('the same key at the same time is charged once', async () => {
  const key = fresh('key');
  const replies = await Promise.all(Array.from({ length: 20 }, () => post('/v1/charges', key, charge)));
  expect(new Set(replies.map((reply) => reply.text)).size).toBe(1);
  expect(replies.filter((reply) => reply.headers.get('idempotent-replayed') === null)).toHaveLength(1);
});

test.each([
  ['another amount', '/v1/charges', { ...charge, amount_cents: 1 }],
  ['another merchant', '/v1/charges', { ...charge, merchant_id: 'm' }],
  ['another operation', '/v1/refunds', { order_id: 'o-1', amount_cents: 4_200 }],
])('a key used for %s is refused', async (_name, path, body) => {
  const key = fresh('key');
  await post('/v1/charges', key, charge);
  const reply = await post(path, key, body);
  expect([reply.status, reply.body.code]).toEqual([422, 'idempotency_key_reused']);
});

test.each([
  ['no key', undefined, 'idempotency_key_required'],
  ['a key with a space', 'a b', 'idempotency_key_invalid'],
  ['a key of 256 characters', 'k'.repeat(256), 'idempotency_key_invalid'],
  ['an empty quoted key', '""', 'idempotency_key_invalid'],
])('%s is refused', async (_name, key, code) => {
  const reply = await post('/v1/charges', key, charge);
  expect([reply.status, reply.body.code]).toEqual([400, code]);
});

test.each([
  ['/amount_cents', { ...charge, amount_cents: 0 }],
  ['/amount_cents', { ...charge, amount_cents: 0.5 }],
  ['/amount_cents', { ...charge, amount_cents: 2 ** 53 }],
  ['/amount_cents', { ...charge, amount_cents: '1' }],
  ['/currency', { ...charge, currency: 'EURO' }],
  ['/order_id', { ...charge, order_id: '' }],
  ['/merchant_id', { ...charge, merchant_id: '\ud800' }],
  ['/status', { ...charge, status: 'captured' }],
  ['', []],
])('a charge with a fault at "%s" is refused and writes nothing', async (pointer, body) => {
  const key = fresh('key');
  const reply = await post('/v1/charges', key, body);
  expect([reply.status, reply.body.code]).toEqual([400, 'validation_failed']);
  expect(reply.body.errors).toEqual([expect.objectContaining({ pointer })]);
  expect((await get(`/v1/charges?key=${key}`)).body).toEqual({ charges: [] });
});

test('the merchant named declined is declined, for ever, and nothing reaches the ledger', async () => {
  const key = fresh('key');
  const orderId = fresh('order');
  const body = { ...charge, order_id: orderId, merchant_id: 'declined' };
  const [first, second] = [await post('/v1/charges', key, body), await post('/v1/charges', key, body)];
  expect([first.status, first.body.code]).toEqual([402, 'card_declined']);
  expect([second.status, second.body.code]).toEqual([402, 'card_declined']);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect((await get(`/v1/charges?order_id=${orderId}`)).body.charges).toEqual([
    expect.objectContaining({ key, status: 'declined', reason: 'card_declined' }),
  ]);
  expect((await get('/v1/ledger?limit=1000')).text).not.toContain(key);
  const refund = await post('/v1/refunds', fresh('key'), { order_id: orderId, amount_cents: 1 });
  expect([refund.status, refund.body.code]).toEqual([404, 'charge_not_found']);
});
