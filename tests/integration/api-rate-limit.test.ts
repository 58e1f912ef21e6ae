import { setTimeout as pause } from 'node:timers/promises';
import { createAuthenticator } from '../../src/api/authenticator.ts';
import type { RateLimit } from '../../src/api/buckets.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { startIssuer, type TestIssuer } from '../support/issuer.ts';
import { silent } from '../support/log.ts';

let issuer: TestIssuer;
let resources: AsyncDisposableStack;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  issuer = resources.use(await startIssuer());
});
afterEach(() => resources.disposeAsync());

async function start(rateLimit: RateLimit, beside?: TestApi): Promise<TestApi> {
  const authenticator = createAuthenticator(issuer.settings, { log: silent });
  return resources.use(
    await startTestApi({ authenticator, rateLimit, ...(beside && { database: beside.database }) }),
  );
}

/** Requests of one caller, as cheap as they come. */
async function asking(api: TestApi, subject = 'ada') {
  const headers = await issuer.bearer(subject);
  return () => api.call({ method: 'GET', headers });
}

test('every answer to a known caller says where it stands; past the limit it is a 429 that says when to repeat', async () => {
  const api = await start({ perSecond: 1, burst: 3 });
  const headers = await issuer.bearer('ada');
  // The first request fetches keys and opens a connection; the three that count must fit into a second.
  await api.call({ headers: await issuer.bearer('bob') });
  const stands: unknown[] = [];
  for (let at = 0; at < 3; at += 1) {
    const { status, headers: said } = await api.call({ headers });
    stands.push([status, said.ratelimit, said['ratelimit-policy'], said['retry-after']]);
  }
  expect(stands).toEqual([
    [202, '"default";r=2;t=1', '"default";q=3;w=3', '1'],
    [202, '"default";r=1;t=1', '"default";q=3;w=3', '1'],
    [202, '"default";r=0;t=1', '"default";q=3;w=3', '1'],
  ]);
  const before = await api.rowCounts();
  const refused = await api.call({ headers });
  expect(refused).toMatchObject({
    status: 429,
    headers: {
      ratelimit: '"default";r=0;t=1',
      'ratelimit-policy': '"default";q=3;w=3',
      'retry-after': '1',
      'content-type': 'application/problem+json',
    },
    json: { code: 'rate_limited', status: 429, title: 'Too Many Requests' },
  });
  expect(await api.rowCounts()).toEqual(before);
  await eventually(async () => expect((await api.call({ headers })).status).toBe(202), 2_000);
});

test('errors count and say so too: a wrong order, a missing scope; a token that proves nothing has no bucket', async () => {
  const api = await start({ perSecond: 0.1, burst: 4 });
  const headers = await issuer.bearer('ada');
  const reading = { Authorization: `Bearer ${await issuer.token({ claims: { scope: 'orders:read' } })}` };
  const answers = [
    await api.call({ headers, body: {} }),
    await api.call({ headers: reading }),
    await api.call({ headers, method: 'GET', path: '/v1/orders/seven' }),
  ];
  expect(answers.map(({ status, headers: { ratelimit } }) => [status, ratelimit])).toEqual([
    [400, '"default";r=3;t=10'],
    [403, '"default";r=2;t=10'],
    [400, '"default";r=1;t=10'],
  ]);
  const unknown = await api.call({ headers: { Authorization: 'Bearer none' } });
  expect([unknown.status, unknown.headers.ratelimit]).toEqual([401, undefined]);
});

test('callers do not use up each other’s limit', async () => {
  const api = await start({ perSecond: 0.1, burst: 2 });
  const [ada, bob] = [await asking(api, 'ada'), await asking(api, 'bob')];
  const statuses: number[] = [];
  for (const ask of [ada, ada, ada, bob]) statuses.push((await ask()).status);
  expect(statuses).toEqual([200, 200, 429, 200]);
});

test('requests in parallel get no more than one after the other', async () => {
  const api = await start({ perSecond: 0.1, burst: 20 });
  const ask = await asking(api);
  const answers = await Promise.all(Array.from({ length: 100 }, ask));
  const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
  expect([count(200), count(429)]).toEqual([20, 80]);
});

test('without tokens there is nobody to limit', async () => {
  const api = resources.use(await startTestApi({ rateLimit: { perSecond: 0.1, burst: 1 } }));
  for (let at = 0; at < 3; at += 1) {
    const { status, headers } = await api.call();
    expect([status, headers.ratelimit, headers['ratelimit-policy']]).toEqual([202, undefined, undefined]);
  }
});

test('what one process let through is missing in the other a second later', async () => {
  const limit = { perSecond: 0.1, burst: 100 };
  const here = await start(limit);
  const there = await start(limit, here);
  const [askHere, askThere] = [await asking(here), await asking(there)];
  await Promise.all(Array.from({ length: 100 }, askHere));
  expect((await askHere()).status).toBe(429);
  let allowed = 0;
  await eventually(async () => {
    const { status } = await askThere();
    if (status === 200) allowed += 1;
    expect(status).toBe(429);
  }, 10_000);
  // Asked some 20 times a second for up to 2 s: its own report, and the other's before it.
  expect(allowed).toBeLessThan(60);
});

test('two processes let through what one would, and the burst of a second each', async () => {
  const limit = { perSecond: 10, burst: 20 };
  const here = await start(limit);
  const there = await start(limit, here);
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  const counts = await Promise.all(
    [await asking(here), await asking(there)].map(async (ask) => {
      let allowed = 0;
      // Ten times what it lets through.
      for (; seconds() < 6; await pause(10)) if ((await ask()).status === 200) allowed += 1;
      return allowed;
    }),
  );
  const total = counts.reduce((sum, count) => sum + count);
  const one = limit.burst + seconds() * limit.perSecond;
  // Each for itself would have let `one` through.
  expect(total).toBeLessThanOrEqual(one + 2 * limit.burst);
  expect(total).toBeGreaterThan(one * 0.8);
});

test('without Postgres each process keeps the limit for itself, and says once that it is alone', async () => {
  const api = await start({ perSecond: 5, burst: 5 });
  const ask = await asking(api);
  await api.proxy.cut();
  const statuses = new Set<number>();
  const alone = () => api.lines.filter(({ msg }) => msg.startsWith('limits not shared'));
  await eventually(async () => {
    statuses.add((await ask()).status);
    expect(alone()).toHaveLength(1);
  }, 10_000);
  expect([...statuses].toSorted()).toEqual([429, 503].filter((status) => statuses.has(status)));
  expect(statuses).toContain(503);
  const answers = await Promise.all(Array.from({ length: 20 }, ask));
  expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThan(10);
  await api.proxy.heal();
  await eventually(async () => expect((await ask()).status).toBe(200), 5_000);
  await eventually(async () => expect(await rows(api)).toHaveLength(1), 5_000);
  expect(alone()).toHaveLength(1);
});

test('rows are gone when callers have been away', async () => {
  const api = await start({ perSecond: 50, burst: 50 });
  for (const subject of ['ada', 'bob', 'carl']) {
    const ask = await asking(api, subject);
    await Promise.all(Array.from({ length: 40 }, ask));
  }
  await eventually(async () => expect((await rows(api)).length).toBeGreaterThan(0), 5_000);
  const ask = await asking(api, 'dora');
  await eventually(async () => {
    await ask();
    expect(await rows(api)).toEqual([{ subject: 'dora' }]);
  }, 10_000);
});

test('what was counted last is shared before an api ends', async () => {
  const api = await start({ perSecond: 1, burst: 50 });
  const ask = await asking(api);
  for (let at = 0; at < 10; at += 1) await ask();
  await api.drain();
  expect(await rows(api)).toEqual([{ subject: 'ada' }]);
});

const rows = (api: TestApi) =>
  api.database.rows(`select caller::jsonb ->> 1 as subject from rate_limits order by 1`);
