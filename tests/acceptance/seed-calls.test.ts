import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import { type Answer, readOrder } from './outside/api.ts';
import { openSystem, type System } from './outside/system.ts';

// Every HTTP call that the four systems before this one print in their READMEs, with only host and port changed.

let system: System;
beforeAll(async () => {
  system = await openSystem(process.env);
});
afterAll(() => system[Symbol.asyncDispose]());

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return system.api.request(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

const payment = async (path: string): Promise<number> =>
  (await fetch(`${system.addresses.payment}${path}`)).status;

test('POST /v1/orders with an e-mail address and cents', async () => {
  const body = { customer_email: 'a@b.com', amount_cents: 1234 };
  const answer = await post('/v1/orders', body, { 'Idempotency-Key': randomUUID() });
  expect(answer.status).toBe(202);
  const order = await system.api.untilFinal(readOrder(answer).id);
  expect(order).toMatchObject({ ...body, status: 'completed' });
});

describe('POST /orders', () => {
  const body = { merchant_id: 'merchant_123', amount: 99.99, currency: 'USD' };

  test('makes an order of as many cents, and processes it', async () => {
    const answer = await post('/orders', body);
    expect(answer.status).toBe(202);
    const order = await system.api.untilFinal(readOrder(answer).id);
    expect(order).toMatchObject({
      merchant_id: 'merchant_123',
      amount_cents: 9_999,
      currency: 'USD',
      customer_email: null,
      status: 'completed',
    });
  });

  test('makes one order under one key, and charges once', async () => {
    const key = { 'Idempotency-Key': `order-abc-${randomUUID()}` };
    const first = await post('/orders', body, key);
    const second = await post('/orders', body, key);
    expect([second.status, second.text]).toEqual([202, first.text]);
    const { id } = await system.api.untilFinal(readOrder(first).id);
    expect(await system.payments.chargesOf(id)).toHaveLength(1);
  });
});

test('POST /api/v1/orders with a product and its price', async () => {
  const answer = await post('/api/v1/orders', {
    customer_id: 'customer-123',
    product_id: 'product-456',
    quantity: 2,
    price: 29.99,
  });
  expect(answer.status).toBe(202);
  const order = await system.api.untilFinal(readOrder(answer).id);
  expect(order).toMatchObject({
    amount_cents: 5_998,
    items: [{ product_id: 'product-456', quantity: 2, unit_price_cents: 2_999 }],
    status: 'completed',
  });
});

test.each([
  [
    'two orders',
    [
      { customer_id: 'customer-123', product_id: 'product-456', quantity: 1, price: 19.99 },
      { customer_id: 'customer-456', product_id: 'product-789', quantity: 3, price: 39.99 },
    ],
    [1_999, 11_997],
  ],
  [
    'one order of a load test',
    [{ customer_id: 'load-test-1', product_id: 'product-1', quantity: 1, price: 10.0 }],
    [1_000],
  ],
])('POST /api/v1/orders/batch with %s', async (_, batch, amounts) => {
  const answer = await post('/api/v1/orders/batch', batch);
  expect(answer.status).toBe(207);
  const results: { status: number; order: { id: string } }[] = JSON.parse(answer.text).results;
  const orders = await Promise.all(results.map(({ order }) => system.api.untilFinal(order.id)));
  expect(orders.map(({ amount_cents, status }) => [amount_cents, status])).toEqual(
    amounts.map((amount) => [amount, 'completed']),
  );
});

test('GET /api/v1/circuit-breaker/status, and POST …/reset', async () => {
  const payment = expect.objectContaining({ name: 'payment', state: 'closed' });
  for (const [method, path] of [
    ['POST', '/api/v1/circuit-breaker/reset'],
    ['GET', '/api/v1/circuit-breaker/status'],
  ] as const) {
    const { status, text } = await system.api.request(path, { method });
    expect([status, JSON.parse(text)]).toEqual([200, { items: [payment] }]);
  }
});

test.each(['/health', '/ready', '/api/v1/metrics'])('GET %s', async (path) => {
  expect((await system.api.request(path)).status).toBe(200);
});

test('GET /health of the payment service', async () => {
  expect(await payment('/health')).toBe(200);
});

test('POST /v1/transactions on an account: applied once under one key, and the money is there', async () => {
  const account = JSON.parse((await post('/v1/accounts', { currency: 'USD' })).text);
  const body = { account_id: account.id, type: 'CREDIT', amount_cents: 10_000, currency: 'USD' };
  const key = { 'Idempotency-Key': randomUUID() };
  const first = await post('/v1/transactions', body, key);
  const second = await post('/v1/transactions', body, key);
  expect([first.status, second.status, second.text]).toEqual([202, 202, first.text]);
  const read = async (path: string) => JSON.parse((await system.api.request(path)).text);
  await eventually(async () => {
    const { status } = await read(`/v1/transactions/${JSON.parse(first.text).id}`);
    expect(status).toBe('PROCESSED');
  }, 25_000);
  expect(await read(`/v1/accounts/${account.id}`)).toMatchObject({ balance_cents: 10_000 });
});

test('GET /api/v1/dlq/messages and …/stats show a record that was set aside', async () => {
  const key = randomUUID();
  await system.events.produce('order.created', [{ key, value: 'no JSON' }]);
  const read = async (path: string) => JSON.parse((await system.api.request(path)).text);
  await eventually(async () => {
    const { items } = await read(`/api/v1/dlq/messages?key=${key}`);
    expect(items).toMatchObject([{ class: 'parse', origin: { topic: 'order.created' }, key: { text: key } }]);
  }, 25_000);
  const { items } = await read('/api/v1/dlq/messages');
  expect(items).toContainEqual(expect.objectContaining({ key: { text: key } }));
  expect(await read('/api/v1/dlq/stats')).toMatchObject({ by_class: { parse: expect.any(Number) } });
});

test('POST /api/v1/replay says of each event that is not known that it is not', async () => {
  const answer = await post('/api/v1/replay', { event_ids: ['event-123', 'event-456'], dry_run: false });
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
    200,
    {
      results: [
        { asked: 'event-123', outcome: 'not_found' },
        { asked: 'event-456', outcome: 'not_found' },
      ],
    },
  ]);
});

test('POST /api/v1/replay/batch with a time in which nothing was set aside', async () => {
  const answer = await post('/api/v1/replay/batch', {
    start_time: '2024-01-01T00:00:00Z',
    end_time: '2024-01-02T00:00:00Z',
    max_messages: 100,
    dry_run: true,
  });
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([200, { dry_run: true, results: [] }]);
});

// Each moves to its own test with the feature it belongs to.
test.each([
  ['GET', '/apis/ccompat/v7/subjects'],
  ['GET', '/apis/ccompat/v7/subjects/orders-value/versions/latest'],
  ['POST', '/apis/ccompat/v7/subjects/orders-value/versions'],
  ['POST', '/apis/ccompat/v7/compatibility/subjects/orders-value/versions/latest'],
])('%s %s is not served yet', async (method, path) => {
  const answer = await system.api.request(path, { method });
  expect([answer.status, JSON.parse(answer.text).code]).toEqual([404, 'not_found']);
});
