import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Call, startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.call();
});
afterAll(() => api[Symbol.asyncDispose]());

async function refused(call: Call): Promise<Awaited<ReturnType<TestApi['call']>>> {
  const before = await api.rowCounts();
  const answer = await api.call(call);
  expect(await api.rowCounts()).toEqual(before);
  expect((await api.call({ method: 'GET', path: '/healthz' })).status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  return answer;
}

const key = (value: string | string[] | undefined): Call => ({ headers: { 'Idempotency-Key': value } });
test.each([
  ['missing', key(undefined), 'idempotency_key_required'],
  ['given twice', key(['one', 'two']), 'idempotency_key_required'],
  ['the same, given twice', key(['one', 'one']), 'idempotency_key_required'],
  ['empty', key(''), 'idempotency_key_invalid'],
  ['empty in quotes', key('""'), 'idempotency_key_invalid'],
  ['of 256 characters', key('k'.repeat(256)), 'idempotency_key_invalid'],
  ['with a space', key('a b'), 'idempotency_key_invalid'],
  ['not ASCII', key('schlüssel'), 'idempotency_key_invalid'],
  ['with a quote at its start alone', key('"abc'), 'idempotency_key_invalid'],
  ['a quote', key('"'), 'idempotency_key_invalid'],
  ['with a control character', key('a\tb'), 'idempotency_key_invalid'],
])('an Idempotency-Key that is %s is refused', async (_, call, code) => {
  expect((await refused(call)).json).toMatchObject({ status: 400, code });
});

test('an Idempotency-Key may have 255 characters, and quotes around it mean nothing', async () => {
  const longest = '~'.repeat(255);
  const first = await api.call(key(longest));
  expect(first.status).toBe(202);
  const again = await api.call(key(`"${longest}"`));
  expect(again).toMatchObject({ status: 202, text: first.text, headers: { 'idempotent-replayed': 'true' } });
});

test.each([
  ['?status=done', ['?status']],
  ['?status=pending&status=failed', ['?status']],
  ['?status=', ['?status']],
  ['?limit=0', ['?limit']],
  ['?limit=101', ['?limit']],
  ['?limit=-1', ['?limit']],
  ['?limit=1e2', ['?limit']],
  ['?limit=a', ['?limit']],
  ['?page=0', ['?page']],
  ['?page_size=101', ['?page_size']],
  ['?page=101&page_size=100', ['?page']],
  ['?page=1&cursor=abc', ['?cursor']],
  ['?cursor=', ['?cursor']],
  ['?cursor=abc', ['?cursor']],
  ['?cursor=%00', ['?cursor']],
  [`?cursor=${Buffer.from("' or 1=1").toString('base64url')}`, ['?cursor']],
  ['?sort=amount', ['?sort']],
  ['?__proto__=1', ['?__proto__']],
  ['?status=done&limit=0&sort=a', ['?status', '?limit', '?sort']],
])('the list refuses %s and says what is wrong with it', async (query, pointers) => {
  const { json } = await refused({ method: 'GET', path: `/v1/orders${query}` });
  expect(json).toMatchObject({ status: 400, code: 'validation_failed' });
  expect(json.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual(
    pointers.toSorted(),
  );
});

test.each([
  'seven',
  `{${randomUUID()}}`,
  `${randomUUID()}0`,
  '..%2f..%2fetc',
  '%00',
  "1'%20or%201=1",
  'x'.repeat(5_000),
])('an id that is none is refused, for reading and for canceling: %.40s', async (id) => {
  for (const call of [
    { method: 'GET', path: `/v1/orders/${id}` },
    { method: 'POST', path: `/v1/orders/${id}/cancel`, body: undefined },
  ]) {
    const { json } = await refused(call);
    expect(json).toMatchObject({ status: 400, code: 'validation_failed', errors: [{ pointer: '/id' }] });
  }
});

test('an id in percent signs that mean nothing is refused', async () => {
  expect((await refused({ method: 'GET', path: '/v1/orders/%E0%A4%A' })).status).toBe(400);
});

test.each(['0198c5f0-0000-7000-8000-000000000000', '00000000-0000-0000-0000-000000000000'])(
  'an order that does not exist is a 404: %s',
  async (id) => {
    const { json } = await refused({ method: 'GET', path: `/v1/orders/${id}` });
    expect(json).toMatchObject({ status: 404, code: 'order_not_found' });
  },
);

test('an id in upper case is the same id', async () => {
  const { json: order } = await api.call();
  const { json } = await api.call({ method: 'GET', path: `/v1/orders/${order.id.toUpperCase()}` });
  expect(json).toEqual(order);
});

test.each([
  ['PUT', '/v1/orders', 'HEAD, GET, POST'],
  ['DELETE', '/v1/orders', 'HEAD, GET, POST'],
  ['PATCH', `/v1/orders/${randomUUID()}`, 'HEAD, GET'],
  ['POST', `/v1/orders/${randomUUID()}`, 'HEAD, GET'],
  ['GET', `/v1/orders/${randomUUID()}/cancel`, 'POST'],
  ['GET', '/v1/orders/batch', 'POST'],
  ['POST', '/healthz', 'HEAD, GET'],
  ['TRACE', '/v1/orders', 'HEAD, GET, POST'],
])('%s %s is a 405 that names what is allowed', async (method, path, allowed) => {
  const answer = await refused({ method, path });
  expect(answer.json).toMatchObject({ status: 405, code: 'method_not_allowed' });
  const words = (list: string | undefined) => list?.split(/, */).toSorted();
  expect(words(answer.headers.allow)).toEqual(words(allowed));
});

test('OPTIONS names what may be done with a batch, and it is not what may be done with an order', async () => {
  const answer = await api.call({ method: 'OPTIONS', path: '/v1/orders/batch' });
  expect(answer).toMatchObject({ status: 200, headers: { allow: 'POST' }, text: '' });
});

test.each(['image/png', 'text/html', 'application/xml;q=0.9', 'application/json;q=0'])(
  'a client that takes only %s is told that answers are JSON',
  async (accept) => {
    for (const call of [{}, { method: 'GET' }]) {
      const { json } = await refused({ ...call, headers: { Accept: accept } });
      expect(json).toMatchObject({ status: 406, code: 'not_acceptable' });
    }
  },
);

test.each(['*/*', 'application/*', 'text/html, */*;q=0.1', 'application/problem+json', ''])(
  'a client that takes JSON among others gets it: %s',
  async (accept) => expect((await api.call({ headers: { Accept: accept } })).status).toBe(202),
);

test('3000 headers are refused, however short they are', async () => {
  const headers = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`x${at}`, '1']));
  expect((await refused({ headers })).json).toMatchObject({ status: 431, code: 'headers_too_large' });
});

test('a method that is served nowhere is a 501 where nothing is served', async () => {
  const { json } = await refused({ method: 'TRACE', path: '/nowhere' });
  expect(json).toMatchObject({ status: 501, code: 'method_unknown' });
});

test.each([
  '/',
  '/V1/orders',
  '/v1/Orders',
  '/HEALTHZ',
  '/Orders',
  '/v1',
  '/v2/orders',
  '/v1/orders/a/b',
  '/v1/orders//',
  '/favicon.ico',
  '/%2e%2e/etc',
])('nothing is served at %s', async (path) => {
  expect((await refused({ method: 'GET', path })).json).toMatchObject({ status: 404, code: 'not_found' });
});

test.each([
  ['a body shorter than its length', 'Content-Length: 100\r\n\r\n{"customer_email"', 400],
  ['a negative length', 'Content-Length: -1\r\n\r\n', 400],
  ['two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}', 400],
  ['a length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}', 400],
  ['headers of 32 KB', `X-Long: ${'x'.repeat(32_000)}\r\n\r\n`, 431],
])('what HTTP itself forbids ends its connection alone: %s', async (_, rest, status) => {
  const before = await api.rowCounts();
  const socket = connect({ host: '127.0.0.1', port: api.port, allowHalfOpen: true });
  socket.end(
    `POST /v1/orders HTTP/1.1\r\nHost: a\r\nIdempotency-Key: ${randomUUID()}\r\nContent-Type: application/json\r\n${rest}`,
  );
  const answer = await text(socket);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer).toMatch(/application\/problem\+json/);
  expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ status, title: expect.any(String) });
  expect(await api.rowCounts()).toEqual(before);
  expect((await api.call()).status).toBe(202);
});

test('a request without Host is refused with a problem like any other', async () => {
  const socket = connect({ host: '127.0.0.1', port: api.port, allowHalfOpen: true });
  socket.end('GET /v1/orders HTTP/1.1\r\n\r\n');
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1.1 400 /);
  expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ code: 'malformed_request' });
});
