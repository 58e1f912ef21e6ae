import { eventually } from '../../tests/support/eventually.ts';
import { call, charge, sharedService, startService, temporaryLedger } from './service.fixture.ts';

const { get, post, put, fresh, url } = sharedService({ FAULTS_ENABLED: true });

const inForce = (faults: object) => put('/v1/faults', faults);
const charges = async (key: string) => (await get(`/v1/charges?key=${key}`)).body.charges;
const requests = async (operation: string) => {
  const counts = (await get('/v1/faults')).body.requests as Record<string, number>; // see the first test
  return counts[operation] ?? 0;
};

/** A charge whose answer nobody waits for any longer than `leave` says. */
async function pending(key: string): Promise<{ ended: Promise<unknown>; leave: () => void }> {
  const before = await requests('charge');
  const leaving = new AbortController();
  const headers = { 'content-type': 'application/json', 'idempotency-key': key };
  const body = JSON.stringify(charge);
  const sent = fetch(`${await url()}/v1/charges`, { method: 'POST', headers, body, signal: leaving.signal });
  const ended = sent.then(
    ({ status }) => status,
    () => 'no answer',
  );
  await eventually(async () => expect(await requests('charge')).toBe(before + 1), 5_000);
  return { ended, leave: () => leaving.abort() };
}

afterEach(async () => {
  expect((await inForce({})).status).toBe(200);
});

const none = {
  delay_ms: 0,
  error_pct: 0,
  rate_limit_pct: 0,
  decline_pct: 0,
  hang_pct: 0,
  commit_then_timeout_pct: 0,
  wrong_reply_pct: 0,
  wrong_reply: 'any',
  outage: false,
  seed: 1,
};
const counts = { charge: expect.any(Number), refund: expect.any(Number), lookup: expect.any(Number) };

test('what is put replaces all that was, and every member is shown', async () => {
  expect((await get('/v1/faults')).body).toEqual({ ...none, requests: counts });
  const some = { error_pct: 30, seed: 7 };
  expect((await inForce(some)).body).toEqual({ ...none, ...some, requests: counts });
  const others = { wrong_reply_pct: 100, wrong_reply: 'html', delay_ms: 1 };
  expect((await inForce(others)).body).toEqual({ ...none, ...others, requests: counts });
  expect((await inForce({})).body).toEqual({ ...none, requests: counts });
});

test.each([
  ['/error_pct', { error_pct: 101 }],
  ['/error_pct', { error_pct: 0.5 }],
  ['/hang_pct', { hang_pct: -1 }],
  ['/delay_ms', { delay_ms: 60_001 }],
  ['/wrong_reply', { wrong_reply: 'late' }],
  ['/outage', { outage: 1 }],
  ['/seed', { seed: 'one' }],
  ['/requests', { requests: {} }],
  ['', { error_pct: 60, wrong_reply_pct: 41 }],
  ['', []],
])('faults with a fault at "%s" are refused and change nothing', async (pointer, body) => {
  await inForce({ delay_ms: 1 });
  const reply = await inForce(body);
  expect([reply.status, reply.body.code]).toEqual([400, 'validation_failed']);
  expect(reply.body.errors).toContainEqual(expect.objectContaining({ pointer }));
  expect((await get('/v1/faults')).body).toMatchObject({ ...none, delay_ms: 1 });
});

test('without FAULTS_ENABLED=true nobody can order faults', async () => {
  using place = temporaryLedger();
  await using service = await startService(place.file);
  for (const method of ['GET', 'PUT']) {
    const reply = await call(`${service.url}/v1/faults`, {
      method,
      ...(method === 'PUT' && { body: { outage: true } }),
    });
    expect([reply.status, reply.body.code]).toEqual([404, 'not_found']);
  }
});

test('the settings are in force from the start until they are replaced; the seed stays where none is put', async () => {
  using place = temporaryLedger();
  await using service = await startService(place.file, {
    FAULTS_ENABLED: true,
    PAYMENT_DELAY_MS: 1,
    PAYMENT_ERROR_PCT: 100,
    PAYMENT_FAULT_SEED: 9,
  });
  expect((await call(`${service.url}/v1/charges`, { key: 'k', body: charge })).status).toBe(500);
  expect((await call(`${service.url}/v1/faults`)).body).toEqual({
    ...none,
    delay_ms: 1,
    error_pct: 100,
    seed: 9,
    requests: { charge: 1, refund: 0, lookup: 0 },
  });
  const cleared = await call(`${service.url}/v1/faults`, { method: 'PUT', body: {} });
  expect(cleared.body).toMatchObject({ ...none, seed: 9 });
});

test.each([
  [{ error_pct: 100 }, 500, 'injected_error', null],
  [{ rate_limit_pct: 100 }, 429, 'rate_limited', '1'],
  [{ outage: true, delay_ms: 60_000 }, 503, 'injected_outage', '1'],
])(
  '%j answers every charge, refund and look-up with %i and stores nothing',
  async (faults, status, code, after) => {
    const key = fresh('key');
    await inForce(faults);
    for (const reply of [
      await post('/v1/charges', key, charge),
      await post('/v1/refunds', key, { order_id: 'o-1', amount_cents: 1 }),
      await get(`/v1/charges?key=${key}`),
      await get(`/v1/refunds?key=${key}`),
    ]) {
      expect([reply.status, reply.body.code]).toEqual([status, code]);
      expect(reply.headers.get('retry-after')).toBe(after);
    }
    expect((await fetch(`${await url()}/problems/${code}`)).status).toBe(200);
    for (const path of ['/v1/ledger', '/v1/faults', '/healthz', '/readyz', '/metrics'])
      expect((await fetch((await url()) + path)).status).toBe(200);
    await inForce({});
    expect(await charges(key)).toEqual([]);
    expect((await post('/v1/charges', key, charge)).headers.get('idempotent-replayed')).toBeNull();
  },
);

test('a decline is stored like the test card’s and disturbs nothing else', async () => {
  const [kept, key] = [fresh('key'), fresh('key')];
  const { body } = await post('/v1/charges', kept, charge);
  await inForce({ decline_pct: 100 });
  expect((await post('/v1/charges', key, charge)).body.code).toBe('card_declined');
  expect((await post('/v1/charges', kept, charge)).body).toEqual(body);
  expect(await charges(key)).toEqual([
    expect.objectContaining({ status: 'declined', reason: 'card_declined' }),
  ]);
  expect((await post('/v1/refunds', fresh('key'), { charge_id: body.id, amount_cents: 1 })).status).toBe(201);
  await inForce({});
  const again = await post('/v1/charges', key, charge);
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([402, 'true']);
});

test('a delay comes before the answer, and who has left meanwhile is not charged', async () => {
  await inForce({ delay_ms: 300 });
  const started = performance.now();
  expect((await post('/v1/charges', fresh('key'), charge)).status).toBe(201);
  expect(performance.now() - started).toBeGreaterThan(295);

  const key = fresh('key');
  const { ended, leave } = await pending(key);
  leave();
  expect(await ended).toBe('no answer');
  // By then the one who left would have been charged.
  expect((await post('/v1/charges', fresh('key'), charge)).status).toBe(201);
  await inForce({});
  expect(await charges(key)).toEqual([]);
});

test('a request that hangs gets no answer and stores nothing', async () => {
  const key = fresh('key');
  await inForce({ hang_pct: 100 });
  const { ended, leave } = await pending(key);
  // A replacement does not let go what hangs already.
  await inForce({});
  expect(await charges(key)).toEqual([]);
  leave();
  expect(await ended).toBe('no answer');
  expect((await post('/v1/charges', key, charge)).headers.get('idempotent-replayed')).toBeNull();
});

test('a charge without an answer is stored when it was committed first, and a repeat gets it', async () => {
  const key = fresh('key');
  await inForce({ commit_then_timeout_pct: 100 });
  const { ended, leave } = await pending(key);
  await eventually(async () => expect(await charges(key)).toHaveLength(1), 5_000);
  leave();
  expect(await ended).toBe('no answer');
  await inForce({});
  const repeated = await post('/v1/charges', key, charge);
  expect([repeated.status, repeated.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
  expect(await charges(key)).toEqual([repeated.body]);
});

test.each([
  ['hang', { hang_pct: 100 }],
  ['are never answered', { commit_then_timeout_pct: 100 }],
  ['are delayed', { delay_ms: 60_000 }],
])('requests that %s do not hold the shutdown up', async (_name, faults) => {
  using place = temporaryLedger();
  const service = await startService(place.file, { FAULTS_ENABLED: true });
  await call(`${service.url}/v1/faults`, { method: 'PUT', body: faults });
  const under = ['a', 'b'].map((key) => call(`${service.url}/v1/charges`, { key, body: charge }));
  await eventually(async () => {
    const { body } = await call(`${service.url}/v1/faults`);
    expect(body.requests).toMatchObject({ charge: 2 });
  }, 5_000);
  const started = performance.now();
  const settled = Promise.allSettled(under);
  await service[Symbol.asyncDispose]();
  expect(performance.now() - started).toBeLessThan(2_000);
  for (const { status } of await settled)
    expect(status).toBe('delay_ms' in faults ? 'fulfilled' : 'rejected');
});

test('requests are counted by operation and what befell them', async () => {
  const counted = async (labels: string) => {
    const metrics = await (await fetch(`${await url()}/metrics`)).text();
    return Number(new RegExp(`^payment_requests_total\\{${labels}\\} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0);
  };
  const labels = ['operation="lookup",fault="error"', 'operation="lookup",fault="none"'];
  const before = await Promise.all(labels.map(counted));
  await inForce({ error_pct: 100 });
  await charges('k');
  await inForce({});
  await charges('k');
  await get('/v1/ledger');
  expect(await Promise.all(labels.map(counted))).toEqual(before.map((count) => count + 1));
});
