import { startTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';

const limits = { unsentEvents: 5, oldestEventMs: 60_000, openOrders: 8 };
let api: TestApi;
beforeEach(async () => {
  api = await startTestApi({ admissionLimits: limits });
});
afterEach(() => api[Symbol.asyncDispose]());

const closed = {
  status: 503,
  headers: { 'retry-after': '5', 'content-type': 'application/problem+json' },
  json: { code: 'admission_closed' },
};
const untilReadinessIs = (status: string) =>
  eventually(async () => {
    expect((await api.call({ method: 'GET', path: '/readyz' })).json).toMatchObject({ status });
  }, 5_000);
const untilClosed = async () => {
  await untilReadinessIs('degraded');
  expect(await api.call()).toMatchObject(closed);
};
const untilOpen = async () => {
  await untilReadinessIs('ready');
  expect((await api.call()).status).toBe(202);
};

test('while too many events wait to be sent no order is taken, and the rest goes on; then all is well by itself', async () => {
  const { json: order } = await api.call();
  for (let at = 1; at < limits.unsentEvents; at += 1) await api.call();
  await untilClosed();
  const before = await api.rowCounts();
  expect((await api.call()).json.detail).toContain('5 events or more wait');
  expect(await api.call({ path: '/v1/orders/batch', body: { orders: [{}] } })).toMatchObject(closed);
  expect(await api.rowCounts()).toEqual(before);
  expect((await api.call({ method: 'GET' })).status).toBe(200);
  expect((await api.call({ method: 'GET', path: `/v1/orders/${order.id}` })).status).toBe(200);
  expect((await api.call({ path: `/v1/orders/${order.id}/cancel`, body: undefined })).status).toBe(200);
  expect(await api.call({ method: 'GET', path: '/readyz' })).toMatchObject({
    status: 200,
    json: {
      status: 'degraded',
      checks: { admission: { status: 'down', reason: expect.stringContaining('wait') } },
    },
  });

  await api.database.rows('delete from outbox');
  await untilOpen();
  const said = api.lines.map(({ msg }) => msg).filter((message) => /^new orders/.test(String(message)));
  expect(said).toEqual(['new orders refused', 'new orders taken again']);
});

test('while the oldest event waits too long no order is taken', async () => {
  await api.call();
  await api.database.rows(`update outbox set created_at = now() - interval '61 s'`);
  // The first one after a quiet time is what makes the api look.
  expect((await api.call()).status).toBe(202);
  await untilClosed();
  expect((await api.call()).json.detail).toContain('60 s or longer');
  await api.database.rows('delete from outbox');
  await untilOpen();
});

test('while too many orders are not finished no order is taken', async () => {
  for (let at = 0; at < limits.openOrders; at += 1) {
    await api.call();
    await api.database.rows('delete from outbox');
  }
  await api.database.rows(
    `update orders set status = 'processing' where id in (select id from orders limit 4)`,
  );
  await untilClosed();
  expect((await api.call()).json.detail).toContain('8 or more orders and transactions are not finished');
  await api.database.rows(`update orders set status = 'completed' where status = 'processing'`);
  await untilOpen();
});

test('an api that lost Postgres keeps its door as it was', async () => {
  await api.proxy.cut();
  expect(await api.call()).toMatchObject({ status: 503, json: { code: 'store_unavailable' } });
  await api.proxy.heal();
  await untilOpen();
});
