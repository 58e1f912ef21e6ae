import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Answer, type Call, startTestApi, type TestApi } from '../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const strict = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const get = (path: string): Call => ({ method: 'GET', path });
test.each([
  ['a new order', {}, 202],
  ['a list', get('/v1/orders'), 200],
  ['an order that is not there', get('/v1/orders/0198c5f0-0000-7000-8000-000000000000'), 404],
  ['a refused order', { body: {} }, 400],
  ['a method that is not served', { method: 'DELETE' }, 405],
  ['an address that is not served', get('/nowhere'), 404],
  ['a probe', get('/healthz'), 200],
  ['the metrics', get('/metrics'), 200],
  ['a page about a problem', get('/problems/too_late'), 200],
] as const)('%s is for its caller alone and nothing for a browser to run', async (_, call, status) => {
  const answer = await api.call(call);
  expect(answer).toMatchObject({ status, headers: strict });
  expectNothingMore(answer);
});

test('what never becomes a request is answered no less strictly', async () => {
  const socket = connect({ host: '127.0.0.1', port: api.port, allowHalfOpen: true });
  socket.end('nonsense\r\n\r\n');
  const answer = (await text(socket)).toLowerCase();
  for (const [name, value] of Object.entries(strict)) expect(answer).toContain(`\r\n${name}: ${value}\r\n`);
});

test('an order may be kept, as long as its tag is asked for each time', async () => {
  const { json } = await api.call();
  const answer = await api.call(get(`/v1/orders/${json.id}`));
  expect(answer.headers).toMatchObject({ ...strict, 'cache-control': 'no-cache', etag: '"1"' });
});

test.each(['/docs', '/docs/start.js', '/openapi.json'])('%s is strict too', async (path) => {
  const answer = await api.call({ ...get(path), headers: { Origin: 'https://example.com' } });
  const { 'cache-control': _kept, 'content-security-policy': _own, ...rest } = strict;
  expect(answer).toMatchObject({ status: 200, headers: rest });
  expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expectNothingMore(answer);
});

test('no other site is let in: a preflight gets no leave', async () => {
  const answer = await api.call({
    method: 'OPTIONS',
    headers: { Origin: 'https://example.com', 'Access-Control-Request-Method': 'POST' },
  });
  expectNothingMore(answer);
});

function expectNothingMore({ headers }: Answer): void {
  const telling = Object.keys(headers).filter((name) => /^(access-control-|x-powered-by|server$)/.test(name));
  expect(telling).toEqual([]);
}
