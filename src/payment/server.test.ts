import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { charge, sharedService, startService, temporaryLedger } from './service.fixture.ts';

const { get, post, fresh, url } = sharedService();

test('the ledger pages through every capture and refund in order', async () => {
  for (let orders = 0; orders < 6; orders += 1) await post('/v1/charges', fresh('key'), charge);
  const chargeId = (await post('/v1/charges', fresh('key'), charge)).body.id;
  await post('/v1/refunds', fresh('key'), { charge_id: chargeId, amount_cents: 1 });
  const whole = (await get('/v1/ledger?limit=1000')).body;
  expect(whole.next).toBeNull();

  const paged: unknown[] = [];
  let cursor: unknown = '0';
  while (cursor !== null) {
    const page = (await get(`/v1/ledger?cursor=${cursor}&limit=3`)).body;
    paged.push(...(page.entries as unknown[])); // an array by the expectation below
    cursor = page.next;
  }
  expect(paged).toEqual(whole.entries);
  expect(paged.slice(-2)).toEqual([
    expect.objectContaining({ type: 'capture', id: chargeId, charge_id: chargeId }),
    expect.objectContaining({ type: 'refund', charge_id: chargeId, amount_cents: 1 }),
  ]);
});

test.each([
  '/v1/ledger?limit=0',
  '/v1/ledger?limit=1001',
  '/v1/ledger?cursor=x',
  '/v1/charges',
  '/v1/charges?key=a&order_id=b',
  '/v1/refunds?x=1',
])('the query of %s is refused', async (path) => {
  const reply = await get(path);
  expect([reply.status, reply.body.code]).toEqual([400, 'validation_failed']);
});

test('the type of a problem leads to a page about it', async () => {
  const { body } = await get('/v1/charges');
  const page = await fetch(`${await url()}${body.type}`);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('validation_failed')]);
  expect((await fetch(`${await url()}/problems/card_declined`)).status).toBe(200);
});

test('probes answer, and the metrics count charges by outcome', async () => {
  expect((await get('/health')).body).toEqual({ status: 'ok' });
  expect((await get('/healthz')).status).toBe(200);
  expect((await get('/readyz')).body).toMatchObject({
    status: 'ready',
    checks: { ledger: { status: 'ok' } },
  });
  const metrics = await (await fetch(`${await url()}/metrics`)).text();
  expect(metrics).toMatch(/payment_charges_total\{outcome="captured"\} \d+/);
});

test('a request under way is answered before the service ends', async () => {
  using place = temporaryLedger();
  const service = await startService(place.file);
  const headers = { 'content-type': 'application/json', 'idempotency-key': 'k', expect: '100-continue' };
  const sending = request(`${service.url}/v1/charges`, { method: 'POST', headers });
  sending.flushHeaders();
  await once(sending, 'continue');
  const ended = service[Symbol.asyncDispose]();
  sending.end(JSON.stringify(charge));
  const [response] = await once(sending, 'response');
  expect(response.statusCode).toBe(201);
  expect(await text(response)).toContain('captured');
  await ended;
});
