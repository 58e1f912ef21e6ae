import { setTimeout as pause } from 'node:timers/promises';
import { startSharedBreaker } from '../../src/activities/shared-breaker.ts';
import {
  createPaymentClient,
  PaymentBreakerOpenError,
  PaymentUnavailableError,
} from '../../src/payment/client.ts';
import { answering, problem, serve } from '../../src/payment/provider.fixture.ts';
import { findBreaker, listBreakers, resetBreakers, saveBreaker } from '../../src/store/circuit-breakers.ts';
import { databaseOfFile, poolOf } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { memoryLog, silent } from '../support/log.ts';
import { startProxy } from '../support/proxy.ts';

const { database, pool } = await databaseOfFile();
afterEach(() =>
  database.rows(
    `update circuit_breakers set state = 'closed', failures = 0, opened_at = null, until = null, process = null`,
  ),
);

const limits = {
  failures: 2,
  failurePct: 100,
  minCalls: 100,
  windowMs: 60_000,
  openMs: 30_000,
  probes: 1,
};

const start = (changes: Partial<Parameters<typeof startSharedBreaker>[0]> = {}) =>
  startSharedBreaker({ name: 'payment', limits, pool, databaseUrl: database.url, log: silent, ...changes });

type Breaker = ReturnType<typeof start>['breaker'];

const fail = (breaker: Breaker) =>
  breaker.run(() => Promise.reject(new PaymentUnavailableError('status 503'))).catch((error) => error);

async function open(breaker: Breaker): Promise<void> {
  await fail(breaker);
  await fail(breaker);
  expect(breaker.state).toBe('open');
}

/** As long as the brief for followers allows. */
const withinASecond = (attempt: () => void) => eventually(async () => attempt(), 1_000);

/** Sessions that listen: a breaker follows from then on. */
const listeners = async () =>
  (
    await database.rows(
      `select from pg_stat_activity where datname = current_database() and query like 'listen%'`,
    )
  ).length;
const untilListening = (count: number) =>
  eventually(async () => expect(await listeners()).toBe(count), 5_000);

test('what one process finds out, the others do within a second', async () => {
  await using one = start();
  await using two = start();
  await using three = start();
  await untilListening(3);
  await open(one.breaker);
  await withinASecond(() => expect([two.breaker.state, three.breaker.state]).toEqual(['open', 'open']));
  const { openMs } = { openMs: 0, ...two.breaker.shared };
  // Its own time, 5 to 25 % later than the first: by then that one's probe has told.
  expect(openMs).toBeGreaterThan(30_500);
  expect(openMs).toBeLessThanOrEqual(37_500);
  await expect(two.breaker.run(async () => 'sent')).rejects.toBeInstanceOf(PaymentBreakerOpenError);
});

test('one probe tells all: failed they stay open, good they close', async () => {
  const brief = { limits: { ...limits, openMs: 400 } };
  await using one = start(brief);
  await using two = start();
  await untilListening(2);
  await open(one.breaker);
  await withinASecond(() => expect(two.breaker.state).toBe('open'));

  await eventually(async () => one.breaker.check(), 2_000);
  await fail(one.breaker);
  await eventually(
    async () => expect(await findBreaker(pool, 'payment')).toMatchObject({ failures: 3 }),
    1_000,
  );
  expect(two.breaker.state).toBe('open');

  await eventually(async () => one.breaker.check(), 2_000);
  await one.breaker.run(async () => 'good');
  await withinASecond(() => expect(two.breaker.state).toBe('closed'));
  expect(await findBreaker(pool, 'payment')).toMatchObject({ state: 'closed', failures: 0, until: null });
});

test('three processes under load whose provider is down: it sees probes, and one of them is enough for all', async () => {
  await using provider = await serve(answering(500, problem));
  await using processes = new AsyncDisposableStack();
  const signal = AbortSignal.timeout(12_000);
  const brief = { limits: { ...limits, openMs: 3_000 } };
  const clients = [1, 2, 3].map(() => {
    const { breaker } = processes.use(start(brief));
    const retry = { maxAttempts: 1, initialMs: 1, maxMs: 1 };
    return createPaymentClient({ url: provider.url, breaker, retry });
  });
  await untilListening(3);
  const load = clients.flatMap((client) =>
    Array.from({ length: 10 }, async () => {
      while (!signal.aborted) {
        await client.findCharge('k', signal).catch(() => undefined);
        await pause(5);
      }
    }),
  );
  await pause(400);
  const before = provider.requests.length;
  await Promise.all(load);
  const probes = provider.requests.length - before;
  // In 11.6 s three times one, where each follower waits 150 to 750 ms for the first; three times as many without it.
  expect(probes).toBeGreaterThanOrEqual(2);
  expect(probes).toBeLessThanOrEqual(6);
});

test('reopened after a probe, it keeps the time of its first opening', async () => {
  const news = { name: 'payment', process: 'p', state: 'open', openMs: 1_000 } as const;
  await saveBreaker(pool, { ...news, failures: 5 });
  const first = await findBreaker(pool, 'payment');
  await saveBreaker(pool, { ...news, failures: 6, openMs: 2_000 });
  const second = await findBreaker(pool, 'payment');
  expect(second).toMatchObject({ opened_at: first?.opened_at, failures: 6 });
  expect(second?.until?.getTime()).toBeGreaterThan(first?.until?.getTime() ?? 0);
});

test('a process that starts while it is open starts open, for as long as is left', async () => {
  await saveBreaker(pool, { name: 'payment', process: 'gone', state: 'open', failures: 5, openMs: 20_000 });
  await using late = start();
  await withinASecond(() => expect(late.breaker.state).toBe('open'));
  expect(late.breaker.shared).toMatchObject({ openMs: expect.any(Number), failures: 5 });
  expect({ openMs: 0, ...late.breaker.shared }.openMs).toBeLessThan(27_501);
});

test('one that was left open by a process of long ago lets the first call through', async () => {
  await saveBreaker(pool, { name: 'payment', process: 'gone', state: 'open', failures: 5, openMs: 0 });
  await using late = start();
  await withinASecond(() => expect(late.breaker.state).toBe('open'));
  expect(await late.breaker.run(async () => 'sent')).toBe('sent');
  await eventually(
    async () => expect(await findBreaker(pool, 'payment')).toMatchObject({ state: 'closed' }),
    1_000,
  );
});

test('a reset closes it everywhere within a second', async () => {
  await using one = start();
  await using two = start();
  await untilListening(2);
  await open(one.breaker);
  await withinASecond(() => expect(two.breaker.state).toBe('open'));
  expect(await resetBreakers(pool, 'payment')).toMatchObject([{ name: 'payment', state: 'closed' }]);
  await withinASecond(() => expect([one.breaker.state, two.breaker.state]).toEqual(['closed', 'closed']));
});

test('a reset without a name closes all of them, one with an unknown name none', async () => {
  const other = { name: 'other', process: 'p', state: 'open', failures: 5, openMs: 30_000 } as const;
  await saveBreaker(pool, other);
  expect(await resetBreakers(pool, 'nobody')).toEqual([]);
  expect((await resetBreakers(pool)).map(({ name, state }) => [name, state])).toEqual([
    ['other', 'closed'],
    ['payment', 'closed'],
  ]);
  expect((await listBreakers(pool)).map(({ state }) => state)).toEqual(['closed', 'closed']);
  await database.rows(`delete from circuit_breakers where name = 'other'`);
});

test('a session that is killed is opened anew, and what happened meanwhile is followed', async () => {
  await using one = start();
  await untilListening(1);
  await database.rows(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and query like 'listen%'`,
  );
  await saveBreaker(pool, { name: 'payment', process: 'other', state: 'open', failures: 5, openMs: 9_000 });
  await eventually(async () => expect(one.breaker.state).toBe('open'), 5_000);
});

describe('while Postgres is gone', () => {
  const throughProxy = async () => {
    const resources = new AsyncDisposableStack();
    const address = new URL(database.url);
    const link = resources.use(await startProxy({ host: address.hostname, port: Number(address.port) }));
    address.port = String(link.port);
    const { log, lines } = memoryLog();
    const own = resources.use(await poolOf(address.href));
    const shared = resources.use(start({ pool: own, databaseUrl: address.href, log }));
    return {
      link,
      lines,
      shared,
      breaker: shared.breaker,
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  };

  test('each process goes by its own calls, none of them waits, and it is told afterwards', async () => {
    await using one = await throughProxy();
    await untilListening(1);
    await one.link.cut();
    const began = performance.now();
    await open(one.breaker);
    await expect(one.breaker.run(async () => 'sent')).rejects.toBeInstanceOf(PaymentBreakerOpenError);
    expect(performance.now() - began).toBeLessThan(1_000);
    await eventually(
      async () =>
        expect(one.lines.map(({ msg }) => msg)).toContain(
          'circuit breaker not shared, this process goes by its own calls',
        ),
      10_000,
    );
    await one.link.heal();
    await eventually(
      async () => expect(await findBreaker(pool, 'payment')).toMatchObject({ state: 'open', failures: 2 }),
      10_000,
    );
    expect(one.breaker.state).toBe('open');
  });

  test('a Postgres that hangs holds up no call, and the end of the process only as long as a statement', async () => {
    await using one = await throughProxy();
    await untilListening(1);
    one.link.hang();
    const began = performance.now();
    await open(one.breaker);
    expect(performance.now() - began).toBeLessThan(1_000);
    await one.shared[Symbol.asyncDispose]();
    expect(performance.now() - began).toBeLessThan(9_000);
    await one.link.cut();
  });

  test('a failure is told once, however long it lasts', async () => {
    await using one = await throughProxy();
    await untilListening(1);
    await one.link.cut();
    await open(one.breaker);
    const told = () => one.lines.filter(({ msg }) => msg.startsWith('circuit breaker not shared'));
    await eventually(async () => expect(told()).toHaveLength(1), 10_000);
    await fail(one.breaker);
    await one.link.heal();
    await untilListening(1);
    expect(told()).toHaveLength(1);
  });
});
