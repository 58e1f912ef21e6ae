import { randomUUID } from 'node:crypto';
import Router from '@koa/router';
import Koa from 'koa';
import { createAuthenticator } from '../../src/api/authenticator.ts';
import { guards } from '../../src/api/guards.ts';
import { adminScopes } from '../../src/api/middleware/require-scope.ts';
import { translateError } from '../../src/api/problems.ts';
import { startRateLimiter } from '../../src/api/rate-limiter.ts';
import { listen } from '../../src/platform/http/listen.ts';
import { problems } from '../../src/platform/http/problem.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { startIssuer, type TestIssuer } from '../support/issuer.ts';
import { silent } from '../support/log.ts';

type Bearer = { Authorization: string };

let issuer: TestIssuer;
let api: TestApi;
let ada: Bearer;
let bob: Bearer;
beforeAll(async () => {
  issuer = await startIssuer();
  api = await startTestApi({ authenticator: createAuthenticator(issuer.settings, { log: silent }) });
  [ada, bob] = [await issuer.bearer('ada'), await issuer.bearer('bob')];
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

test('an order belongs to who placed it: to others it is not there', async () => {
  const { json: order } = await api.call({ headers: { ...ada } });
  const path = `/v1/orders/${order.id}`;
  const noOrder = await api.call({ method: 'GET', path: `/v1/orders/${randomUUID()}`, headers: { ...bob } });
  for (const call of [
    { method: 'GET', path },
    { path: `${path}/cancel`, body: undefined },
  ]) {
    const { status, json } = await api.call({ ...call, headers: { ...bob } });
    expect([status, json.code]).toEqual([noOrder.status, noOrder.json.code]);
    expect(json.detail.replace(order.id, '')).toBe(noOrder.json.detail.replace(/[0-9a-f-]{36}/, ''));
  }
  expect((await api.call({ method: 'GET', path, headers: { ...ada } })).json).toEqual(order);
  expect((await api.call({ path: `${path}/cancel`, body: undefined, headers: { ...ada } })).status).toBe(200);
});

test('a list shows the caller’s own orders, on every page', async () => {
  const [carl, dora] = [await issuer.bearer('carl'), await issuer.bearer('dora')];
  const placed = { carl: [] as string[], dora: [] as string[] };
  for (let at = 0; at < 3; at += 1) {
    placed.carl.unshift((await api.call({ headers: { ...carl } })).json.id);
    placed.dora.unshift((await api.call({ headers: { ...dora } })).json.id);
  }
  const page = async (query: string, headers: Bearer) => {
    const { json } = await api.call({ method: 'GET', path: `/v1/orders?${query}`, headers: { ...headers } });
    return { ids: json.items.map(({ id }: { id: string }) => id), next: json.next };
  };
  expect((await page('', carl)).ids).toEqual(placed.carl);
  const first = await page('limit=2', dora);
  expect(first.ids).toEqual(placed.dora.slice(0, 2));
  expect((await page(`limit=2&cursor=${first.next}`, dora)).ids).toEqual(placed.dora.slice(2));
  // A cursor is a place, not a permission.
  expect((await page(`limit=5&cursor=${first.next}`, carl)).ids).toEqual(placed.carl.slice(1));
});

test('one Idempotency-Key of two callers is two orders, one after the other or together', async () => {
  for (const together of [false, true]) {
    const key = randomUUID();
    const place = (headers: Bearer) => api.call({ headers: { ...headers, 'Idempotency-Key': key } });
    const before = (await api.rowCounts()) as { orders: number };
    const [one, other] = together
      ? await Promise.all([place(ada), place(bob)])
      : [await place(ada), await place(bob)];
    expect([one.status, other.status]).toEqual([202, 202]);
    expect(one.json.id).not.toBe(other.json.id);
    expect(other.headers['idempotent-replayed']).toBeUndefined();
    expect(await api.rowCounts()).toMatchObject({ orders: before.orders + 2 });
    expect((await place(ada)).text).toBe(one.text);
  }
});

test('whether another caller used a key cannot be found out', async () => {
  const key = randomUUID();
  const place = (headers: Bearer, amount_cents: number) =>
    api.call({
      headers: { ...headers, 'Idempotency-Key': key },
      body: { customer_email: 'a@example.com', amount_cents },
    });
  await place(ada, 1);
  expect((await place(bob, 2)).status).toBe(202);
  expect((await place(ada, 2)).status).toBe(422);
});

test('an owner is issuer and subject, so written that no other pair is the same', async () => {
  const { json } = await api.call({ headers: await issuer.bearer('a","b') });
  const [row] = await api.database.rows<{ owner: string }>('select owner from orders where id = $1', [
    json.id,
  ]);
  expect(JSON.parse(row?.owner ?? '')).toEqual(['https://issuer.example/', 'a","b']);
});

test('orders placed before there were callers belong to none of them', async () => {
  await using open = await startTestApi({ database: api.database });
  const { json: order } = await open.call();
  const seen = await api.call({ method: 'GET', path: `/v1/orders/${order.id}`, headers: { ...ada } });
  expect(seen.status).toBe(404);
  const named = await issuer.bearer('anonymous');
  expect((await api.call({ method: 'GET', path: `/v1/orders/${order.id}`, headers: named })).status).toBe(
    404,
  );
});

test('routes of an operator take the scope admin and no other', async () => {
  const app = new Koa();
  const router = new Router();
  const authenticator = createAuthenticator(issuer.settings, { log: silent });
  const limit = { perSecond: 100, burst: 100 };
  await using limiter = startRateLimiter({ limit, pool: api.pool, log: silent });
  for (const middleware of guards({ authenticator, limiter }, adminScopes)) router.use(middleware);
  router.all('/', (ctx) => {
    ctx.body = 'welcome';
  });
  app.use(problems({ translate: translateError, report: () => undefined }));
  app.use(router.routes());
  await using server = await listen(app, { host: '127.0.0.1', port: 0 });
  const statusOf = async (method: string, claims: Record<string, unknown> | undefined) => {
    const headers = claims && { Authorization: `Bearer ${await issuer.token({ claims })}` };
    const options = { method, ...(headers && { headers }) };
    return (await fetch(`http://127.0.0.1:${server.port}/`, options)).status;
  };
  for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
    expect(await statusOf(method, { scope: 'admin' })).toBe(200);
    expect(await statusOf(method, {})).toBe(403);
    expect(await statusOf(method, undefined)).toBe(401);
  }
});
