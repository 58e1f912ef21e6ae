import { startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const missing = { method: 'GET', path: '/v1/orders/0198c5f0-0000-7000-8000-000000000000' };

test('a problem says what, where and what to do, and is found again by its ids', async () => {
  const { json, headers } = await api.call(missing);
  expect(Object.keys(json).toSorted()).toEqual(
    ['type', 'title', 'status', 'detail', 'instance', 'trace_id', 'span_id', 'code'].toSorted(),
  );
  expect(json).toMatchObject({
    type: '/problems/order_not_found',
    title: 'Not Found',
    status: 404,
    code: 'order_not_found',
    instance: headers['x-request-id'],
    trace_id: headers.trace_id,
    span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  expect(json.detail).toContain('check the id');
});

test('a fault of ours is a 500 that shows nothing of the inside, which is in the log', async () => {
  await api.database.rows('alter table orders rename to gone');
  const answer = await api.call(missing);
  await api.database.rows('alter table gone rename to orders');
  expect(answer.json).toMatchObject({ status: 500, code: 'internal', title: 'Internal Server Error' });
  expect(answer.text).not.toMatch(/relation|select|\.ts\b|127\.0\.0\.1|\bat \w+ \(/i);
  const [line] = api.lines.filter(({ level }) => level === 'error');
  expect(line).toMatchObject({ msg: 'request failed' });
  expect(JSON.stringify(line?.err, Object.getOwnPropertyNames(line?.err))).toContain('relation');
});

test('a request’s id is taken over when it is sane, and made when it is not', async () => {
  const idOf = async (given: string) =>
    (await api.call({ headers: { 'X-Request-Id': given } })).headers['x-request-id'];
  expect(await idOf('run-7:step.2')).toBe('run-7:step.2');
  for (const given of ['', 'a b', 'x'.repeat(129), '"><script>']) expect(await idOf(given)).toMatch(uuid);
  expect((await api.call()).headers['x-request-id']).toMatch(uuid);
});

test('a client’s trace goes on: through the answer, the order and its event', async () => {
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const answer = await api.call({
    headers: { traceparent: `00-${trace}-b7ad6b7169203331-01`, 'X-Request-Id': 'request-1' },
  });
  expect(answer.headers.traceparent).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-`));
  expect(answer.headers.traceparent).not.toContain('b7ad6b7169203331');
  expect(answer.json.trace_id).toBe(trace);
  const [event] = await api.database.rows('select traceparent, correlation_id from outbox where key = $1', [
    answer.json.id,
  ]);
  expect(event).toEqual({
    traceparent: expect.stringMatching(new RegExp(`^00-${trace}-`)),
    correlation_id: 'request-1',
  });
});

test.each([undefined, '', 'nonsense', '00-00000000000000000000000000000000-b7ad6b7169203331-01'])(
  'without a trace that holds, a request gets one of its own: %s',
  async (traceparent) => {
    const { headers } = await api.call({ headers: { traceparent } });
    expect(headers.trace_id).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    expect(headers.traceparent).toContain(headers.trace_id ?? 'missing');
  },
);

test('what is said in the log is said of the order, and never who placed it', async () => {
  const { json } = await api.call();
  const lines = api.lines.filter((line) => line.order_id === json.id);
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual([['info', 'order accepted']]);
  expect(JSON.stringify(api.lines)).not.toContain('ada@example.com');
});

test('health, readiness and metrics are served beside the orders', async () => {
  const get = (path: string) => api.call({ method: 'GET', path });
  expect((await get('/healthz')).json).toEqual({ status: 'ok' });
  expect((await get('/readyz')).json).toMatchObject({
    status: 'ready',
    checks: { postgres: { status: 'ok' } },
  });
  await api.call({ method: 'GET', path: '/v1/orders/not-a-uuid' });
  const { text } = await get('/metrics');
  expect(text).toMatch(/^orders_created_total \d+$/m);
  expect(text).toMatch(/^http_requests_total\{method="POST",route="\/v1\/orders\/?",status="202"\} \d+$/m);
  expect(text).toMatch(/route="\/v1\/orders\/:id",status="400"/);
  expect(text).not.toContain('not-a-uuid');
});
