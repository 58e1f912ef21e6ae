import { type Call, startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const amountOrder = { merchant_id: 'merchant_123', amount: 99.99, currency: 'USD' };
const productOrder = { customer_id: 'customer-1', product_id: 'product-1', quantity: 2, price: 29.99 };
const withoutKey = { 'Idempotency-Key': undefined };
const post = (path: string, body: unknown, headers: Call['headers'] = withoutKey) =>
  api.call({ path, body, headers });

const refused: readonly [string, string, unknown, string][] = [
  ['more decimals than the currency has', '/orders', { ...amountOrder, amount: 9.999 }, '/amount'],
  ['a decimal of a currency without', '/orders', { ...amountOrder, amount: 0.5, currency: 'JPY' }, '/amount'],
  ['an amount of 0', '/orders', { ...amountOrder, amount: 0 }, '/amount'],
  ['a negative amount', '/orders', { ...amountOrder, amount: -1 }, '/amount'],
  ['an amount as text', '/orders', { ...amountOrder, amount: '99.99' }, '/amount'],
  ['an amount past 2^53', '/orders', { ...amountOrder, amount: 1e15 }, '/amount'],
  ['no merchant', '/orders', { amount: 1 }, '/merchant_id'],
  ['the shape of /v1/orders', '/orders', { ...amountOrder, amount_cents: 1 }, '/amount_cents'],
  ['a currency that is none', '/orders', { ...amountOrder, currency: 'usd' }, '/currency'],
  ['a price with too many decimals', '/api/v1/orders', { ...productOrder, price: 0.001 }, '/price'],
  ['a price of 0', '/api/v1/orders', { ...productOrder, price: 0 }, '/price'],
  ['half a product', '/api/v1/orders', { ...productOrder, quantity: 0.5 }, '/quantity'],
  ['no customer', '/api/v1/orders', { ...productOrder, customer_id: undefined }, '/customer_id'],
  [
    'a price past 2^53',
    '/api/v1/orders',
    { ...productOrder, quantity: 1_000_000, price: 90_071_992_547 },
    '/price',
  ],
  ['no list', '/api/v1/orders/batch', {}, ''],
  ['an empty list', '/api/v1/orders/batch', [], ''],
];
test.each(refused)('refused, with nothing written: %s', async (_, path, body, pointer) => {
  const before = await api.rowCounts();
  const { json } = await post(path, body);
  expect(json).toMatchObject({ status: 400, code: 'validation_failed', errors: [{ pointer }] });
  expect(await api.rowCounts()).toEqual(before);
});

test.each(['99.990000000000000001', '0.1000000000000000055', '9.99000000000000000001e1'])(
  'an amount that JSON would round is refused, not rounded: %s',
  async (amount) => {
    const { json } = await post('/orders', JSON.stringify(amountOrder).replace('99.99', amount));
    expect(json).toMatchObject({ status: 400, code: 'number_too_precise' });
  },
);

test('zeros after an amount change nothing', async () => {
  const { json } = await post(
    '/orders',
    JSON.stringify(amountOrder).replace('99.99', '99.99000000000000000000'),
  );
  expect(json.amount_cents).toBe(9_999);
});

test('without a key two like requests are two orders', async () => {
  const [one, other] = [await post('/orders', amountOrder), await post('/orders', amountOrder)];
  expect([one.status, other.status]).toEqual([202, 202]);
  expect(one.json.id).not.toBe(other.json.id);
});

test('with a key they are one, and another request under it is refused', async () => {
  const key = { 'Idempotency-Key': 'order-abc-123' };
  const first = await post('/orders', amountOrder, key);
  const again = await post('/orders', amountOrder, key);
  expect([again.text, again.headers['idempotent-replayed']]).toEqual([first.text, 'true']);
  expect((await post('/orders', { ...amountOrder, amount: 1 }, key)).status).toBe(422);
  expect((await post('/api/v1/orders', productOrder, key)).status).toBe(202);
});

test('a faulty order of a batch is named with its place in the list', async () => {
  const { status, json } = await post('/api/v1/orders/batch', [productOrder, { ...productOrder, price: -1 }]);
  expect(status).toBe(207);
  expect(json.results[0].order).toMatchObject({ amount_cents: 5_998, customer_email: null });
  expect(json.results[1].problem.errors).toEqual([{ pointer: '/1/price', detail: 'must not be negative' }]);
});
