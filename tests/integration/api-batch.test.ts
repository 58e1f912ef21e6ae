import { randomUUID } from 'node:crypto';
import { type Answer, goodOrder, startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const post = (orders: unknown, key: string = randomUUID()): Promise<Answer> =>
  api.call({ path: '/v1/orders/batch', body: { orders }, headers: { 'Idempotency-Key': key } });
const rows = async () => (await api.rowCounts()) as { orders: number; events: number; keys: number };
const amounts = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ ...goodOrder, amount_cents: at + 1 }));

test('a batch is a 207 with the order of each place, as it is read afterwards', async () => {
  const answer = await post(amounts(3));
  expect(answer.status).toBe(207);
  expect(
    answer.json.results.map(({ index, status, order }: Result) => [index, status, order.amount_cents]),
  ).toEqual([
    [0, 202, 1],
    [1, 202, 2],
    [2, 202, 3],
  ]);
  for (const { order } of answer.json.results)
    expect((await api.call({ method: 'GET', path: `/v1/orders/${order.id}` })).json).toEqual(order);
});

interface Result {
  readonly index: number;
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of it
  readonly order: any;
}

test('1000 orders are placed, each with its event', async () => {
  const before = await rows();
  const { json } = await post(amounts(1_000));
  expect(new Set(json.results.map(({ order }: Result) => order.id)).size).toBe(1_000);
  const after = await rows();
  // A key for each, and the batch's own.
  expect([after.orders - before.orders, after.events - before.events, after.keys - before.keys]).toEqual([
    1_000, 1_000, 1_001,
  ]);
});

test('a faulty order is named with its place and keeps none of the others back', async () => {
  const before = await rows();
  const { json } = await post([goodOrder, { ...goodOrder, amount_cents: -1, color: 'red' }, 7, goodOrder]);
  expect(json.results.map(({ status }: Result) => status)).toEqual([202, 400, 400, 202]);
  expect(json.results[1]).toEqual({
    index: 1,
    status: 400,
    problem: {
      type: '/problems/validation_failed',
      title: 'Bad Request',
      status: 400,
      code: 'validation_failed',
      detail: expect.any(String),
      errors: expect.arrayContaining([
        { pointer: '/orders/1/color', detail: 'is not a known field; leave it out' },
        { pointer: '/orders/1/amount_cents', detail: 'must be above 0' },
      ]),
    },
  });
  expect(json.results[2].problem.errors).toEqual([{ pointer: '/orders/2', detail: expect.any(String) }]);
  expect((await rows()).orders).toBe(before.orders + 2);
});

test('the same batch again is the same answer, byte for byte, faults included', async () => {
  const key = randomUUID();
  const batch = [goodOrder, { customer_email: 'nobody' }, goodOrder];
  const first = await post(batch, key);
  const before = await rows();
  const again = await post(batch, key);
  expect([again.status, again.text]).toEqual([207, first.text]);
  expect([first.headers['idempotent-replayed'], again.headers['idempotent-replayed']]).toEqual([
    undefined,
    'true',
  ]);
  expect(await rows()).toEqual(before);
});

test('a batch that died on its way is finished by its repeat: what is there stays, the rest is placed', async () => {
  const key = randomUUID();
  const first = await post(amounts(5), key);
  const lost = first.json.results.slice(2).map(({ order }: Result) => order.id);
  for (const table of ['idempotency_keys where order_id', 'orders where id'])
    await api.database.rows(`delete from ${table} = any($1)`, [lost]);
  const again = await post(amounts(5), key);
  expect(again.json.results.slice(0, 2)).toEqual(first.json.results.slice(0, 2));
  expect(again.json.results.map(({ order }: Result) => order.amount_cents)).toEqual([1, 2, 3, 4, 5]);
  expect(again.json.results[4].order.id).not.toBe(first.json.results[4].order.id);
  expect(again.headers['idempotent-replayed']).toBeUndefined();
});

test('ten such batches at once place each order once', async () => {
  const key = randomUUID();
  const before = await rows();
  const answers = await Promise.all(Array.from({ length: 10 }, () => post(amounts(50), key)));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect((await rows()).orders).toBe(before.orders + 50);
});

test('another batch under the same key is a 422 and places nothing', async () => {
  const key = randomUUID();
  await post([goodOrder], key);
  const before = await rows();
  expect(await post([...amounts(3)], key)).toMatchObject({
    status: 422,
    json: { code: 'idempotency_key_reused' },
  });
  expect(await rows()).toEqual(before);
});

test('a key of a batch is no key of an order, nor of another batch', async () => {
  const key = randomUUID();
  await post(amounts(2), key);
  expect(
    (await api.call({ headers: { 'Idempotency-Key': `${key}#1` } })).headers['idempotent-replayed'],
  ).toBeUndefined();
  expect((await post([goodOrder], `${key}#1`)).status).toBe(207);
});

test.each([
  ['no list', {}, '/orders'],
  ['an empty list', { orders: [] }, '/orders'],
  ['1001 orders', { orders: Array(1_001).fill(goodOrder) }, '/orders'],
  ['a bare list', [goodOrder], ''],
  ['a field too many', { orders: [goodOrder], color: 'red' }, '/color'],
])('a batch with %s is refused as a whole', async (_, body, pointer) => {
  const before = await rows();
  const answer = await api.call({ path: '/v1/orders/batch', body });
  expect(answer).toMatchObject({ status: 400, json: { code: 'validation_failed', errors: [{ pointer }] } });
  expect(await rows()).toEqual(before);
});

test('a batch without any order that could be placed leaves its key free', async () => {
  const key = randomUUID();
  const first = await post([{ customer_email: 'nobody' }], key);
  expect(first.json.results.map(({ status }: Result) => status)).toEqual([400]);
  expect((await post([goodOrder], key)).json.results.map(({ status }: Result) => status)).toEqual([202]);
});

test('a batch needs its key', async () => {
  const answer = await api.call({
    path: '/v1/orders/batch',
    body: { orders: [goodOrder] },
    headers: { 'Idempotency-Key': undefined },
  });
  expect(answer).toMatchObject({ status: 400, json: { code: 'idempotency_key_required' } });
});

test('a batch into a lost Postgres is a 503, and placed by its repeat', async () => {
  const key = randomUUID();
  await api.proxy.cut();
  expect(await post(amounts(3), key)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  await api.proxy.heal();
  const answer = await post(amounts(3), key);
  expect(answer.json.results.map(({ status }: Result) => status)).toEqual([202, 202, 202]);
});
