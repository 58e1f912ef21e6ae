import { randomUUID } from 'node:crypto';
import { type Answer, goodOrder, startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

function post(key: string, body: unknown = goodOrder): Promise<Answer> {
  return api.call({ body, headers: { 'Idempotency-Key': key } });
}

const kept = ({ status, text, headers: { location, etag } }: Answer) => ({ status, text, location, etag });

test('a new order is a 202 with its place, its tag and itself', async () => {
  const answer = await post(randomUUID(), { ...goodOrder, currency: 'EUR', merchant_id: 'shop-7' });
  const { id } = answer.json;
  expect(answer).toMatchObject({
    status: 202,
    headers: { location: `/v1/orders/${id}`, etag: '"1"', 'content-type': 'application/json; charset=utf-8' },
  });
  expect(answer.headers['idempotent-replayed']).toBeUndefined();
  expect(answer.json).toEqual({
    ...goodOrder,
    id,
    currency: 'EUR',
    merchant_id: 'shop-7',
    items: [],
    status: 'pending',
    payment_state: 'none',
    failure_reason: null,
    cancel_requested_at: null,
    created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    updated_at: answer.json.created_at,
    version: 1,
    trace_id: answer.headers.trace_id,
  });
  expect((await api.call({ method: 'GET', path: answer.headers.location ?? '' })).json).toEqual(answer.json);
});

test('the same request again is the same answer, byte for byte, and says that it is one', async () => {
  const key = randomUUID();
  const first = await post(key);
  const before = await api.rowCounts();
  const second = await post(key);
  expect(kept(second)).toEqual(kept(first));
  expect(second.headers['idempotent-replayed']).toBe('true');
  expect(await api.rowCounts()).toEqual(before);
});

test('the answer stays what it was when the order has moved on since', async () => {
  const key = randomUUID();
  const first = await post(key);
  const canceled = await api.call({ path: `/v1/orders/${first.json.id}/cancel`, body: undefined });
  expect(canceled).toMatchObject({
    status: 200,
    json: { status: 'canceled', version: 2 },
    headers: { etag: '"2"' },
  });
  expect(kept(await post(key))).toEqual(kept(first));
});

test('order of fields, white space and the spelling of numbers do not make another request', async () => {
  const key = randomUUID();
  const first = await post(key, '{"customer_email":"a@example.com","amount_cents":4200}');
  const second = await post(key, '{ "amount_cents": 4.2e3,\n "customer_email": "\\u0061@example.com" }');
  expect(kept(second)).toEqual(kept(first));
});

test('the same key with another request is a 422 and writes nothing', async () => {
  const key = randomUUID();
  await post(key);
  const before = await api.rowCounts();
  const answer = await post(key, { ...goodOrder, amount_cents: 1 });
  expect(answer.json).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
  expect(await api.rowCounts()).toEqual(before);
});

test('a refused request leaves its key free', async () => {
  const key = randomUUID();
  expect((await post(key, { ...goodOrder, amount_cents: 0 })).status).toBe(400);
  const answer = await post(key);
  expect(answer.status).toBe(202);
  expect(answer.headers['idempotent-replayed']).toBeUndefined();
});

test('50 requests at once with one key are one order and 50 equal answers', async () => {
  const key = randomUUID();
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(key)));
  expect(new Set(answers.map((answer) => JSON.stringify(kept(answer)))).size).toBe(1);
  expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
  const [row] = await api.database.rows('select count(*)::int as n from outbox where key = $1', [
    answers[0]?.json.id,
  ]);
  expect(row).toEqual({ n: 1 });
});

test('canceling twice is harmless, canceling what has failed is too late', async () => {
  const [first, second] = [await post(randomUUID()), await post(randomUUID())];
  const cancel = (id: string) => api.call({ path: `/v1/orders/${id}/cancel`, body: undefined });
  const canceled = await cancel(first.json.id);
  const again = await cancel(first.json.id);
  expect([canceled.status, again.status, again.text]).toEqual([200, 200, canceled.text]);
  await api.database.rows(`update orders set status = 'failed' where id = $1`, [second.json.id]);
  expect((await cancel(second.json.id)).json).toMatchObject({ status: 409, code: 'too_late' });
});

test('pages follow one another by page and by cursor, newest first', async () => {
  const placed: string[] = [];
  for (let at = 0; at < 7; at += 1) placed.push((await post(randomUUID())).json.id);
  const list = async (query: string) => (await api.call({ method: 'GET', path: `/v1/orders?${query}` })).json;
  const walked: string[] = [];
  for (let cursor = ''; walked.length < 7; ) {
    const { items, next } = await list(`limit=3${cursor}`);
    walked.push(...items.map(({ id }: { id: string }) => id));
    cursor = `&cursor=${next}`;
  }
  expect(walked.slice(0, 7)).toEqual(placed.toReversed());
  const second = await list('page=2&page_size=3');
  expect(second.items.map(({ id }: { id: string }) => id)).toEqual(walked.slice(3, 6));
  expect(await list('status=completed')).toEqual({ items: [], next: null });
});

test('a repeat whose first request is still under way is a 409 after a second, and the answer a moment later', async () => {
  const key = randomUUID();
  await api.database.rows('begin');
  await api.database.rows(
    `insert into idempotency_keys (caller, operation, key, fingerprint, order_id, response, expires_at)
     values ('anonymous', 'POST /v1/orders', $1, '', gen_random_uuid(), '', now())`,
    [key],
  );
  const [first, repeat] = await Promise.all([post(key), post(key)]);
  await api.database.rows('rollback');
  const busy = { status: 409, headers: { 'retry-after': '1' }, json: { code: 'request_in_progress' } };
  expect(first).toMatchObject(busy);
  expect(repeat).toMatchObject(busy);
  expect((await post(key)).status).toBe(202);
});
