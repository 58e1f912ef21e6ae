import { type BreakerLimits, createCircuitBreaker, type Transition } from './circuit-breaker.ts';
import {
  PaymentBreakerOpenError,
  PaymentProtocolError,
  PaymentRejectedError,
  PaymentUnavailableError,
} from './client-errors.ts';

const limits: BreakerLimits = {
  failures: 5,
  failurePct: 60,
  minCalls: 10,
  windowMs: 60_000,
  openMs: 30_000,
  probes: 1,
};

const unavailable = new PaymentUnavailableError('status 503');
const rejected = new PaymentRejectedError({ status: 404, reason: 'none', detail: 'None.' });

/** A breaker at a time that the test moves on. */
function breakerAt(changes: Partial<BreakerLimits> = {}) {
  let time = 0;
  const transitions: Transition[] = [];
  const breaker = createCircuitBreaker(
    { ...limits, ...changes },
    (transition) => transitions.push(transition),
    () => time,
  );
  return {
    breaker,
    moves: () => transitions.map(({ to }) => to),
    transitions,
    pass: (ms: number) => {
      time += ms;
    },
    good: () => breaker.run(async () => 'good'),
    bad: (error: unknown = unavailable) => breaker.run(() => Promise.reject(error)).catch((caught) => caught),
  };
}

async function opened(changes: Partial<BreakerLimits> = {}) {
  const one = breakerAt(changes);
  for (let failures = 0; failures < 5; failures += 1) await one.bad();
  expect(one.breaker.state).toBe('open');
  return one;
}

test('five failures in a row open it; what is called then is refused unsent, and told when to come again', async () => {
  const { breaker, pass, transitions } = await opened();
  pass(10_000);
  let sent = 0;
  const refused = breaker.run(async () => {
    sent += 1;
  });
  await expect(refused).rejects.toBeInstanceOf(PaymentBreakerOpenError);
  await expect(refused).rejects.toMatchObject({ code: 'payment_breaker_open', retryAfterMs: 20_000 });
  expect(() => breaker.check()).toThrow(PaymentBreakerOpenError);
  expect(sent).toBe(0);
  expect(transitions).toEqual([{ from: 'closed', to: 'open', failures: 5, isProof: true }]);
});

test('an answer that proves nothing counts as a failure', async () => {
  const { breaker, bad } = breakerAt({ failures: 1 });
  await bad(new PaymentProtocolError('status 200 with HTML'));
  expect(breaker.state).toBe('open');
});

test.each([
  ['a good call', (one: ReturnType<typeof breakerAt>) => one.good()],
  ['a refusal, which is an answer', (one: ReturnType<typeof breakerAt>) => one.bad(rejected)],
])('%s ends a row of failures', async (_, between) => {
  const one = breakerAt();
  for (let failures = 0; failures < 4; failures += 1) await one.bad();
  await between(one);
  for (let failures = 0; failures < 4; failures += 1) await one.bad();
  expect(one.breaker.state).toBe('closed');
});

test('any number of refusals leaves it closed', async () => {
  const { breaker, bad } = breakerAt();
  for (let calls = 0; calls < 30; calls += 1) await bad(rejected);
  expect(breaker.state).toBe('closed');
});

test('what its caller gave up counts for nothing', async () => {
  const { breaker, bad } = breakerAt();
  for (let failures = 0; failures < 4; failures += 1) await bad();
  for (let calls = 0; calls < 5; calls += 1) await bad('canceled');
  expect(breaker.state).toBe('closed');
  await bad();
  expect(breaker.state).toBe('open');
});

test('six failures among ten calls open it, and not among nine', async () => {
  const { breaker, good, bad } = breakerAt();
  const calls = [bad, bad, good, bad, bad, good, bad, good, good];
  for (const call of calls) await call();
  expect(breaker.state).toBe('closed');
  await bad();
  expect(breaker.state).toBe('open');
});

test('calls older than the window do not count', async () => {
  const { breaker, pass, good, bad } = breakerAt();
  for (const call of [bad, bad, good, bad, bad, good, bad, good, good]) await call();
  pass(60_000);
  await bad();
  expect(breaker.state).toBe('closed');
});

test('when its time is over one call goes through; until that ends, others are refused at once', async () => {
  const { breaker, pass, moves } = await opened();
  pass(30_000);
  const answer = Promise.withResolvers<string>();
  const probe = breaker.run(() => answer.promise);
  expect(breaker.state).toBe('half_open');
  await expect(breaker.run(async () => 'sent')).rejects.toMatchObject({ retryAfterMs: 500 });
  answer.resolve('good');
  expect(await probe).toBe('good');
  expect(breaker.state).toBe('closed');
  expect(await breaker.run(async () => 'sent')).toBe('sent');
  expect(moves()).toEqual(['open', 'half_open', 'closed']);
});

test('a probe that is refused closes it', async () => {
  const { breaker, pass, bad } = await opened();
  pass(30_000);
  await bad(rejected);
  expect(breaker.state).toBe('closed');
});

test('a probe that fails opens it for as long again', async () => {
  const { breaker, pass, bad } = await opened();
  pass(30_000);
  await bad();
  expect(breaker.shared).toEqual({ state: 'open', openMs: 30_000, failures: 6 });
});

test('a probe that its caller gives up proves nothing: the next call is one', async () => {
  const { breaker, pass, bad, good } = await opened();
  pass(30_000);
  await bad('canceled');
  expect(breaker.state).toBe('open');
  await good();
  expect(breaker.state).toBe('closed');
});

test('it takes as many good probes to close it as it is told', async () => {
  const { breaker, pass, good, bad } = await opened({ probes: 2 });
  pass(30_000);
  await good();
  expect(breaker.state).toBe('open');
  await bad();
  pass(30_000);
  await good();
  await good();
  expect(breaker.state).toBe('closed');
});

test('what was begun before it opened says nothing about the time after', async () => {
  const one = breakerAt();
  const late = Promise.withResolvers<string>();
  const call = one.breaker.run(() => late.promise);
  for (let failures = 0; failures < 5; failures += 1) await one.bad();
  late.resolve('good');
  await call;
  expect(one.breaker.state).toBe('open');
});

test('it follows another process into the open state, and probes a little later than that one', async () => {
  const { breaker, pass, good, transitions } = breakerAt();
  breaker.follow({ state: 'open', openMs: 10_000, failures: 7 });
  expect(transitions).toEqual([{ from: 'closed', to: 'open', failures: 7, isProof: false }]);
  pass(11_499);
  await expect(good()).rejects.toBeInstanceOf(PaymentBreakerOpenError);
  pass(6_002);
  await good();
  expect(breaker.state).toBe('closed');
});

test('one that is open already stays open for the longer of the two times', async () => {
  const { breaker, pass } = await opened();
  breaker.follow({ state: 'open', openMs: 1_000, failures: 5 });
  expect(breaker.shared).toMatchObject({ openMs: 30_000 });
  pass(29_000);
  breaker.follow({ state: 'open', openMs: 30_000, failures: 6 });
  expect(breaker.shared).toMatchObject({ openMs: expect.any(Number), failures: 6 });
  expect(() => breaker.check()).toThrow(PaymentBreakerOpenError);
  pass(30_000);
  expect(() => breaker.check()).toThrow(PaymentBreakerOpenError);
});

test('told that it is closed it closes, and a probe under way changes nothing any more', async () => {
  const { breaker, pass } = await opened();
  pass(30_000);
  const answer = Promise.withResolvers<never>();
  const probe = breaker.run(() => answer.promise);
  breaker.follow({ state: 'closed' });
  answer.reject(unavailable);
  await expect(probe).rejects.toBe(unavailable);
  expect(breaker.state).toBe('closed');
});
