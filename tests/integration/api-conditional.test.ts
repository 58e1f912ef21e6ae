import { randomUUID } from 'node:crypto';
import { startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const get = (id: string, headers: Record<string, string> = {}) =>
  api.call({ method: 'GET', path: `/v1/orders/${id}`, headers });
const cancel = (id: string, headers: Record<string, string | undefined> = {}) =>
  api.call({
    path: `/v1/orders/${id}/cancel`,
    body: undefined,
    headers: { 'Idempotency-Key': undefined, ...headers },
  });
const newOrder = async (): Promise<string> => (await api.call()).json.id;

test.each(['"1"', 'W/"1"', '"7", "1"', '*'])(
  'an order the client has already is a 304: If-None-Match: %s',
  async (tags) => {
    const answer = await get(await newOrder(), { 'If-None-Match': tags });
    expect(answer).toMatchObject({ status: 304, text: '', headers: { etag: '"1"' } });
  },
);

test('an order that the worker moved has another tag, and is sent again', async () => {
  const id = await newOrder();
  await api.database.rows(`update orders set status = 'processing', version = version + 1 where id = $1`, [
    id,
  ]);
  const answer = await get(id, { 'If-None-Match': '"1"' });
  expect(answer).toMatchObject({ status: 200, headers: { etag: '"2"' }, json: { status: 'processing' } });
});

test.each(['"2"', 'W/"1"', '1', '"1', '"11"'])(
  'an order in another state than the client insists on is a 412 and stays: If-Match: %s',
  async (tag) => {
    const id = await newOrder();
    const refused = { status: 412, headers: { etag: '"1"' }, json: { code: 'precondition_failed' } };
    expect(await get(id, { 'If-Match': tag })).toMatchObject(refused);
    expect(await cancel(id, { 'If-Match': tag })).toMatchObject(refused);
    expect((await get(id)).json.status).toBe('pending');
  },
);

test.each(['"1"', '*', '"0", "1"'])(
  'an order in the state that the client insists on is canceled: If-Match: %s',
  async (tag) => {
    expect(await cancel(await newOrder(), { 'If-Match': tag })).toMatchObject({
      status: 200,
      headers: { etag: '"2"' },
    });
  },
);

test('of two clients that cancel the same state both are told that it is canceled', async () => {
  const id = await newOrder();
  const answers = await Promise.all([cancel(id, { 'If-Match': '"1"' }), cancel(id, { 'If-Match': '"1"' })]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(await cancel(id, { 'If-Match': '"1"' })).toMatchObject({ status: 200, headers: { etag: '"2"' } });
});

test('an order that is not there is a 404, whatever its state should be', async () => {
  expect((await get(randomUUID(), { 'If-Match': '*' })).status).toBe(404);
  expect((await cancel(randomUUID(), { 'If-Match': '"1"' })).status).toBe(404);
});

describe('a cancel with an Idempotency-Key', () => {
  test('is answered alike when it is repeated, and says that it is', async () => {
    const id = await newOrder();
    const key = randomUUID();
    const first = await cancel(id, { 'Idempotency-Key': key });
    const again = await cancel(id, { 'Idempotency-Key': key, 'If-Match': '"1"' });
    expect([first.status, again.status, again.text]).toEqual([200, 200, first.text]);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(again.headers['idempotent-replayed']).toBe('true');
  });

  test('does not cancel another order: the key belongs to the first', async () => {
    const [one, other] = [await newOrder(), await newOrder()];
    const key = randomUUID();
    await cancel(one, { 'Idempotency-Key': key });
    expect(await cancel(other, { 'Idempotency-Key': key })).toMatchObject({
      status: 422,
      json: { code: 'idempotency_key_reused' },
    });
    expect((await get(other)).json.status).toBe('pending');
  });

  test('may have the key that the order was placed with', async () => {
    const key = randomUUID();
    const { json } = await api.call({ headers: { 'Idempotency-Key': key } });
    expect(await cancel(json.id, { 'Idempotency-Key': key })).toMatchObject({ status: 200 });
  });

  test('is refused with a key that is none', async () => {
    expect(await cancel(await newOrder(), { 'Idempotency-Key': 'a b' })).toMatchObject({
      status: 400,
      json: { code: 'idempotency_key_invalid' },
    });
  });
});
