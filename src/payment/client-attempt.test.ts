import { type BreakerLimits, createCircuitBreaker } from './circuit-breaker.ts';
import { createPaymentClient } from './client.ts';
import { PaymentBreakerOpenError, PaymentRejectedError, PaymentUnavailableError } from './client-errors.ts';
import { after, answering, captured, oneAfterAnother, order, problem, serve } from './provider.fixture.ts';

const { signal } = new AbortController();
// For tests that are not about the budget: the machine may be slow.
const ampleMs = 4_000;
const good = answering(201, captured);
const bad = answering(500, problem);
const busy = (seconds: string) => answering(429, problem, { 'retry-after': seconds });

async function took(work: Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work.catch(() => undefined);
  return performance.now() - began;
}

test.each([
  ['500', bad],
  ['503', answering(503, '<html>')],
  ['408', answering(408, problem)],
  ['429', answering(429, problem)],
  ['a cut connection', (request: { socket: { destroy(): unknown } }) => void request.socket.destroy()],
])('%s, then a capture: one attempt of two tries under one key', async (_, first) => {
  await using provider = await serve(oneAfterAnother(first, good));
  const client = createPaymentClient({ url: provider.url, budgetMs: ampleMs });
  expect(await client.charge({ key: 'k', ...order }, signal)).toEqual({
    outcome: 'captured',
    chargeId: 'ch_1',
  });
  expect(provider.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['k', 'k']);
});

test('after three tries the attempt ends', async () => {
  await using provider = await serve(bad);
  const client = createPaymentClient({ url: provider.url, budgetMs: ampleMs });
  const attempt = client.charge({ key: 'k', ...order }, signal);
  // Pauses of 50 and 100 ms, ± 30 %.
  expect(await took(attempt)).toBeGreaterThan(100);
  await expect(attempt).rejects.toBeInstanceOf(PaymentUnavailableError);
  expect(provider.requests).toHaveLength(3);
});

test.each([400, 402, 404, 409, 422])('%i is an answer, not a reason to try again', async (status) => {
  await using provider = await serve(answering(status, problem));
  await createPaymentClient({ url: provider.url })
    .charge({ key: 'k', ...order }, signal)
    .catch((error) => expect(error).toBeInstanceOf(PaymentRejectedError));
  expect(provider.requests).toHaveLength(1);
});

test('a service that takes 300 ms is waited for', async () => {
  await using slow = await serve(after(300, good));
  const client = createPaymentClient({ url: slow.url });
  expect(await client.charge({ key: 'k', ...order }, signal)).toMatchObject({ outcome: 'captured' });
});

test('a service that takes 600 ms is not: the budget ends the only try', async () => {
  await using slow = await serve(after(600, good));
  const attempt = createPaymentClient({ url: slow.url }).charge({ key: 'k', ...order }, signal);
  const ms = await took(attempt);
  await expect(attempt).rejects.toBeInstanceOf(PaymentUnavailableError);
  expect(ms).toBeGreaterThan(490);
  expect(ms).toBeLessThan(1_500);
  expect(slow.requests).toHaveLength(1);
});

test('the budget is one for all tries', async () => {
  await using slow = await serve(after(400, bad));
  const attempt = createPaymentClient({ url: slow.url, budgetMs: 600 }).charge(
    { key: 'k', ...order },
    signal,
  );
  // Three tries with a budget each would take 1.3 s.
  expect(await took(attempt)).toBeLessThan(1_200);
  await expect(attempt).rejects.toBeInstanceOf(PaymentUnavailableError);
});

test('the budget begins with the first try, not while others are served', async () => {
  await using slow = await serve(after(300, good));
  const client = createPaymentClient({ url: slow.url, concurrency: 1 });
  const both = [1, 2].map(() => client.charge({ key: 'k', ...order }, signal));
  expect(await Promise.all(both)).toHaveLength(2);
});

test('Retry-After is waited for where the budget has room for it', async () => {
  await using provider = await serve(oneAfterAnother(busy('1'), good));
  const client = createPaymentClient({ url: provider.url, budgetMs: ampleMs });
  const attempt = client.charge({ key: 'k', ...order }, signal);
  expect(await took(attempt)).toBeGreaterThan(990);
  expect(await attempt).toMatchObject({ outcome: 'captured' });
});

test.each([
  ['in seconds', '7', 7_000],
  ['as a date', new Date(Date.now() + 3_600_000).toUTCString(), 300_000],
  ['for a day, which is not believed', '86400', 300_000],
])(
  'a service that asks for more time than there is %s is left alone, and the error says for how long',
  async (_, header, ms) => {
    await using provider = await serve(busy(header));
    const attempt = createPaymentClient({ url: provider.url }).charge({ key: 'k', ...order }, signal);
    await expect(attempt).rejects.toBeInstanceOf(PaymentUnavailableError);
    await expect(attempt).rejects.toMatchObject({ retryAfterMs: ms });
    expect(provider.requests).toHaveLength(1);
  },
);

test('the caller’s signal ends the pause between two tries', async () => {
  const canceling = new AbortController();
  await using provider = await serve((request, response) => {
    busy('3')(request, response);
    setTimeout(() => canceling.abort('canceled'), 20);
  });
  const client = createPaymentClient({ url: provider.url, budgetMs: ampleMs });
  const attempt = client.charge({ key: 'k', ...order }, canceling.signal);
  expect(await took(attempt)).toBeLessThan(2_500);
  await expect(attempt).rejects.toBe('canceled');
});

describe('behind a breaker', () => {
  const limits: BreakerLimits = {
    failures: 5,
    failurePct: 60,
    minCalls: 10,
    windowMs: 60_000,
    openMs: 1_000,
    probes: 1,
  };
  const quick = { maxAttempts: 3, initialMs: 1, maxMs: 1 };

  function guarded(url: string) {
    const breaker = createCircuitBreaker(limits);
    const client = createPaymentClient({ url, breaker, retry: quick, budgetMs: ampleMs });
    return { breaker, charge: () => client.charge({ key: 'k', ...order }, signal), client };
  }

  test('five attempts that failed open it, whatever their tries; then nothing is sent until a probe closes it', async () => {
    let listener = bad;
    await using provider = await serve((request, response) => listener(request, response));
    const { breaker, charge } = guarded(provider.url);
    for (let attempts = 0; attempts < 5; attempts += 1)
      await expect(charge()).rejects.toBeInstanceOf(PaymentUnavailableError);
    expect(provider.requests).toHaveLength(15);
    const refused = await charge().catch((error) => error);
    expect(refused).toBeInstanceOf(PaymentBreakerOpenError);
    expect(provider.requests).toHaveLength(15);

    listener = good;
    await new Promise((resolve) => setTimeout(resolve, refused.retryAfterMs + 5));
    expect(await charge()).toMatchObject({ outcome: 'captured' });
    expect([breaker.state, provider.requests.length]).toEqual(['closed', 16]);
  });

  test('every operation feeds it and is refused by it', async () => {
    await using provider = await serve(bad);
    const { charge, client } = guarded(provider.url);
    const calls = [
      charge,
      () => client.findCharge('k', signal),
      () => client.refund({ key: 'r', orderId: 'o-1', amountCents: 1 }, signal),
      () => client.findRefund({ key: 'r', orderId: 'o-1', amountCents: 1 }, signal),
    ];
    for (const call of [...calls, charge])
      await expect(call()).rejects.toBeInstanceOf(PaymentUnavailableError);
    for (const call of calls) await expect(call()).rejects.toBeInstanceOf(PaymentBreakerOpenError);
  });

  test('refusals never open it', async () => {
    await using provider = await serve(answering(404, problem));
    const { breaker, charge } = guarded(provider.url);
    for (let attempts = 0; attempts < 12; attempts += 1)
      await expect(charge()).rejects.toBeInstanceOf(PaymentRejectedError);
    expect(breaker.state).toBe('closed');
  });

  test('six failed attempts of ten open it', async () => {
    const three = [bad, bad, bad];
    const pattern = [...three, ...three, good, ...three, ...three, good, ...three, good, good, ...three];
    await using provider = await serve(oneAfterAnother(...pattern));
    const { breaker, charge } = guarded(provider.url);
    for (let attempts = 0; attempts < 9; attempts += 1) await charge().catch(() => undefined);
    expect(breaker.state).toBe('closed');
    await charge().catch(() => undefined);
    expect(breaker.state).toBe('open');
  });

  test('what waits for its turn while it opens is not sent any more', async () => {
    await using provider = await serve(bad);
    const breaker = createCircuitBreaker({ ...limits, failures: 1 });
    const client = createPaymentClient({
      url: provider.url,
      breaker,
      retry: quick,
      concurrency: 1,
      budgetMs: ampleMs,
    });
    const calls = [1, 2, 3].map(() => client.charge({ key: 'k', ...order }, signal));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual([
      'payment_unavailable',
      'payment_breaker_open',
      'payment_breaker_open',
    ]);
    expect(provider.requests).toHaveLength(3);
  });
});
