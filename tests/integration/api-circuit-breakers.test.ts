import { createAuthenticator } from '../../src/api/authenticator.ts';
import { breakerListAnswer } from '../../src/api/present-breaker.ts';
import { saveBreaker } from '../../src/store/circuit-breakers.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { startIssuer } from '../support/issuer.ts';
import { silent } from '../support/log.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const opened = (openMs: number) =>
  saveBreaker(api.pool, { name: 'payment', process: 'p', state: 'open', failures: 5, openMs });
const list = async (path = '/v1/circuit-breakers') => (await api.call({ method: 'GET', path })).json;
const reset = (path: string) =>
  api.call({ path, body: undefined, headers: { 'Idempotency-Key': undefined } });

const closed = {
  name: 'payment',
  state: 'closed',
  failures: 0,
  opened_at: null,
  next_probe_at: null,
  changed_at: expect.any(String),
};

test('a breaker that has never opened is closed', async () => {
  expect(await list()).toEqual({ items: [closed] });
});

test.each(['/v1/circuit-breakers', '/api/v1/circuit-breaker/status'])(
  'GET %s says what is open, why and until when',
  async (path) => {
    await opened(30_000);
    const answer = await list(path);
    expect(breakerListAnswer.strict().parse(answer)).toEqual(answer);
    const [payment] = answer.items;
    expect(payment).toMatchObject({ name: 'payment', state: 'open', failures: 5 });
    expect(Date.parse(payment.next_probe_at) - Date.parse(payment.changed_at)).toBe(30_000);
    expect(Date.parse(payment.opened_at)).toBeLessThanOrEqual(Date.parse(payment.changed_at));
  },
);

test('when its time is over it is half-open: the next call is a probe', async () => {
  await opened(0);
  expect(await list()).toMatchObject({ items: [{ state: 'half_open', failures: 5 }] });
});

test.each(['/v1/circuit-breakers/reset', '/api/v1/circuit-breaker/reset'])(
  'POST %s closes all of them',
  async (path) => {
    await opened(30_000);
    const { status, json } = await reset(path);
    expect([status, json]).toEqual([200, { items: [closed] }]);
    expect(await list()).toEqual({ items: [closed] });
  },
);

test('a breaker is reset by its name, and the log says by whom', async () => {
  await opened(30_000);
  const { status, json } = await reset('/v1/circuit-breakers/payment/reset');
  expect([status, json]).toEqual([200, closed]);
  expect(api.lines.findLast(({ msg }) => msg === 'circuit breakers reset')).toMatchObject({
    breakers: ['payment'],
    caller: 'anonymous',
  });
});

test.each(['none', 'Payment', '%00', "';--"])('%s is no breaker: 404', async (name) => {
  const { status, json } = await reset(`/v1/circuit-breakers/${name}/reset`);
  expect([status, json.code]).toEqual([404, 'circuit_breaker_not_found']);
});

test('with AUTH_MODE=jwt they need the scope admin, at every address', async () => {
  await using issuer = await startIssuer();
  const authenticator = createAuthenticator(issuer.settings, { log: silent });
  await using guarded = await startTestApi({ authenticator, database: api.database });
  const bearer = async (claims: Record<string, unknown>) => ({
    Authorization: `Bearer ${await issuer.token({ claims })}`,
  });
  for (const [method, path] of [
    ['GET', '/v1/circuit-breakers'],
    ['POST', '/v1/circuit-breakers/reset'],
    ['POST', '/v1/circuit-breakers/payment/reset'],
    ['GET', '/api/v1/circuit-breaker/status'],
    ['POST', '/api/v1/circuit-breaker/reset'],
  ] as const) {
    const statusWith = async (headers: Record<string, string>) =>
      (await guarded.call({ method, path, body: undefined, headers })).status;
    expect(await statusWith({})).toBe(401);
    expect(await statusWith(await bearer({ scope: 'orders:read orders:write' }))).toBe(403);
    expect(await statusWith(await bearer({ scope: 'admin' }))).toBe(200);
  }
});
