import { randomUUID } from 'node:crypto';
import { startTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api[Symbol.asyncDispose]());

async function timed<T>(work: Promise<T>): Promise<{ result: T; ms: number }> {
  const started = performance.now();
  return { result: await work, ms: performance.now() - started };
}

test('while Postgres is gone every order request is a 503 within a second; then all is well by itself', async () => {
  const { json: order } = await api.call();
  await api.proxy.cut();
  for (const call of [{}, { method: 'GET' }, { method: 'GET', path: `/v1/orders/${order.id}` }]) {
    const { result, ms } = await timed(api.call(call));
    expect(result).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1', 'content-type': 'application/problem+json' },
      json: { code: 'store_unavailable' },
    });
    expect(result.text).not.toMatch(/ECONN|127\.0\.0\.1|postgres/i);
    expect(ms).toBeLessThan(1_000);
  }
  expect(await api.call({ method: 'GET', path: '/healthz' })).toMatchObject({ status: 200 });
  expect(await api.call({ method: 'GET', path: '/readyz' })).toMatchObject({
    status: 503,
    json: { status: 'unavailable', checks: { postgres: { status: 'down' } } },
  });

  await api.proxy.heal();
  await eventually(async () => expect((await api.call()).status).toBe(202), 5_000);
  expect((await api.call({ method: 'GET', path: '/readyz' })).status).toBe(200);
});

test('while Postgres hangs the first request waits 5 s, the others a second; then all is well by itself', async () => {
  await api.call();
  api.proxy.hang();
  const unavailable = { status: 503, headers: { 'retry-after': '1' }, json: { code: 'store_unavailable' } };
  const first = await timed(api.call());
  expect(first.result).toMatchObject(unavailable);
  // A statement is given 5 s once and a second afterwards; the rest is for a busy machine.
  expect(first.ms).toBeLessThan(7_000);
  const others = await Promise.all(
    Array.from({ length: 60 }, () => timed(api.call({ method: 'GET' }))).concat(timed(api.call())),
  );
  for (const { result, ms } of others) {
    expect(result).toMatchObject(unavailable);
    expect(ms).toBeLessThan(3_000);
  }
  // What hung is lost with its connections, as after a restart of Postgres.
  await api.proxy.cut();
  await api.proxy.heal();
  await eventually(async () => expect((await api.call()).status).toBe(202), 5_000);
}, 20_000);

test('50 requests at once into a lost Postgres are all answered within a second', async () => {
  await api.call();
  await api.proxy.cut();
  const { result, ms } = await timed(Promise.all(Array.from({ length: 50 }, () => api.call())));
  expect(new Set(result.map(({ status }) => status))).toEqual(new Set([503]));
  expect(ms).toBeLessThan(2_000);
});

test('connections killed by Postgres itself are not noticed by a client', async () => {
  await api.call();
  await api.database.rows(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  expect((await api.call()).status).toBe(202);
});

test('an order whose commit was not answered is placed once, and the client is told so', async () => {
  const key = randomUUID();
  api.proxy.loseAnswerTo(key);
  const answer = await api.call({ headers: { 'Idempotency-Key': key } });
  await api.proxy.answerLost;
  expect(answer.status).toBe(202);
  expect(answer.headers['idempotent-replayed']).toBeUndefined();
  expect(await api.rowCounts()).toEqual({ orders: 1, events: 1, keys: 1 });
});

test('a row that somebody else holds is a 503 for those who want to change it, and no matter for readers', async () => {
  const { json: order } = await api.call();
  await api.database.rows('begin');
  await api.database.rows('update orders set version = version where id = $1', [order.id]);
  const cancel = () => api.call({ path: `/v1/orders/${order.id}/cancel`, body: undefined });
  const [waiting, reading] = await Promise.all([
    timed(cancel()),
    api.call({ method: 'GET', path: `/v1/orders/${order.id}` }),
  ]);
  expect(reading.status).toBe(200);
  expect(waiting.result).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect(waiting.ms).toBeLessThan(5_000);
  await api.database.rows('rollback');
  expect((await cancel()).status).toBe(200);
});
