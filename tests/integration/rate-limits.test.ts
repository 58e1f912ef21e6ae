import { setTimeout as pause } from 'node:timers/promises';
import { shareRequests } from '../../src/store/rate-limits.ts';
import { databaseOfFile } from '../support/database.ts';

const { database, pool } = await databaseOfFile();
afterEach(() => database.rows('truncate rate_limits'));

/** Seconds to a full bucket of each caller, as a process hears it that reports `requests` of the last second. */
async function report(requests: Record<string, number>, { perSecond = 10, seconds = 1 } = {}) {
  const levels = await shareRequests(pool, {
    requests: new Map(Object.entries(requests)),
    seconds,
    perSecond,
  });
  return Object.fromEntries(levels.map(({ caller, seconds_to_full }) => [caller, seconds_to_full]));
}

const callers = async () =>
  (await database.rows<{ caller: string }>('select caller from rate_limits order by caller')).map(
    ({ caller }) => caller,
  );

test('a report says what is missing in each bucket, the time that the requests took aside', async () => {
  expect(await report({ ada: 25, bob: 10, carl: 3 })).toEqual({
    ada: expect.closeTo(1.5, 3),
    bob: expect.closeTo(0, 3),
    carl: 0,
  });
});

test('processes hear what the others let through', async () => {
  await report({ ada: 25 });
  // The same second: 25 and 40 requests at 10 a second, of which one second is over.
  const { ada = 0 } = await report({ ada: 40 });
  expect(ada).toBeGreaterThan(5.2);
  expect(ada).toBeLessThanOrEqual(5.5);
});

test('reports that come together are all counted, whatever their order', async () => {
  const names = Array.from({ length: 50 }, (_, at) => `caller-${at}`);
  const given = (list: readonly string[]) => Object.fromEntries(list.map((name) => [name, 20]));
  const reports = Array.from({ length: 10 }, (_, at) => report(given(at % 2 ? names : names.toReversed())));
  await Promise.all(reports);
  const last = await report(given(names));
  expect(Object.keys(last)).toHaveLength(50);
  // 11 × 20 requests take 22 s; a second is over, and what these reports took.
  for (const seconds of Object.values(last)) {
    expect(seconds).toBeGreaterThan(15);
    expect(seconds).toBeLessThanOrEqual(21);
  }
});

test('a bucket that has filled since starts anew: nothing is owed or saved from before', async () => {
  await report({ ada: 12 });
  await pause(250);
  expect((await report({ ada: 30 }, { seconds: 0 })).ada).toBeCloseTo(3, 3);
});

test('rows of full buckets go with the next report, and with nothing to report nothing is touched', async () => {
  await report({ ada: 10, bob: 11, carl: 100 });
  await pause(150);
  await report({ dora: 50 });
  expect(await callers()).toEqual(['carl', 'dora']);
  expect(await report({})).toEqual({});
});

test('a row that another process is just counting is not waited for', async () => {
  await report({ ada: 5, bob: 5 });
  await database.rows('begin');
  await database.rows(`select from rate_limits where caller = 'ada' for update`);
  const began = performance.now();
  expect(await report({ carl: 50 })).toHaveProperty('carl');
  expect(performance.now() - began).toBeLessThan(900);
  await database.rows('commit');
  expect(await callers()).toEqual(['ada', 'carl']);
});

test('the table is not written to the log of Postgres', async () => {
  const [table] = await database.rows(`select relpersistence from pg_class where relname = 'rate_limits'`);
  expect(table).toEqual({ relpersistence: 'u' });
});
