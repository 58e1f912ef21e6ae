import fc from 'fast-check';
import { createBuckets, type RateLimit } from './buckets.ts';

/** Buckets with a clock that the test moves. */
function scene(limit: RateLimit) {
  const clock = { ms: 12_345.678 };
  const buckets = createBuckets(limit, () => clock.ms);
  const wait = (ms: number) => {
    clock.ms += ms;
  };
  const allowed = (tries: number, caller = 'ada') =>
    Array.from({ length: tries }, () => buckets.take(caller)).filter(({ isAllowed }) => isAllowed).length;
  return { ...buckets, buckets, wait, allowed };
}

test('a burst is allowed at once, and then as many as the time brings', () => {
  const { allowed, wait } = scene({ perSecond: 100, burst: 200 });
  expect(allowed(500)).toBe(200);
  wait(9);
  expect(allowed(10)).toBe(0);
  wait(1);
  expect(allowed(10)).toBe(1);
  wait(500);
  expect(allowed(100)).toBe(50);
  wait(3_600_000);
  expect(allowed(500)).toBe(200);
});

test('refused requests cost nothing', () => {
  const { allowed, wait } = scene({ perSecond: 10, burst: 5 });
  expect(allowed(5_000)).toBe(5);
  wait(100);
  expect(allowed(5_000)).toBe(1);
});

test('callers have a bucket each', () => {
  const { allowed } = scene({ perSecond: 1, burst: 3 });
  expect([allowed(5, 'ada'), allowed(5, 'bob'), allowed(5, 'ada')]).toEqual([3, 3, 0]);
});

test('a turn says how many could follow, and when there is one more', () => {
  const { take, wait, count, learn } = scene({ perSecond: 0.5, burst: 2 });
  expect(take('ada')).toEqual({ isAllowed: true, remaining: 1, seconds: 2 });
  wait(500);
  expect(take('ada')).toEqual({ isAllowed: true, remaining: 0, seconds: 2 });
  expect(take('ada')).toEqual({ isAllowed: false, remaining: 0, seconds: 2 });
  wait(1_000);
  expect(take('ada')).toEqual({ isAllowed: false, remaining: 0, seconds: 1 });
  wait(500);
  expect(take('ada')).toEqual({ isAllowed: true, remaining: 0, seconds: 2 });
  count();
  // Full in 10 s is a debt of three requests.
  learn('ada', 10);
  expect(take('ada')).toEqual({ isAllowed: false, remaining: 0, seconds: 8 });
});

test('what other processes allowed is missing here, and comes back at the same rate', () => {
  const { allowed, count, learn, wait } = scene({ perSecond: 10, burst: 20 });
  expect(allowed(5)).toBe(5);
  expect([...count()]).toEqual([['ada', 5]]);
  expect(allowed(1)).toBe(1);
  // 5 from here and 10 from elsewhere, as far as Postgres knows; one more is not counted yet.
  learn('ada', 1.5);
  expect(allowed(20)).toBe(4);
  learn('ada', 3);
  expect(allowed(1)).toBe(0);
  wait(1_000);
  expect(allowed(1)).toBe(0);
});

test('nothing that others say makes a bucket fuller than it is known to be here', () => {
  const { allowed, learn } = scene({ perSecond: 10, burst: 20 });
  expect(allowed(15)).toBe(15);
  learn('ada', 0);
  expect(allowed(20)).toBe(5);
});

test('a caller is forgotten when the bucket is full and everything is counted', () => {
  const { allowed, buckets, wait } = scene({ perSecond: 10, burst: 20 });
  for (let at = 0; at < 1_000; at += 1) allowed(2, `caller-${at}`);
  expect(buckets.size).toBe(1_000);
  expect(buckets.count().size).toBe(1_000);
  expect(buckets.count().size).toBe(0);
  expect(buckets.size).toBe(1_000);
  wait(200);
  buckets.count();
  expect(buckets.size).toBe(0);
  expect(allowed(1)).toBe(1);
});

test('no sequence of pauses gets more than a burst and the rate', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 1_000, noNaN: true }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.double({ min: 0, max: 3_000, noNaN: true }), { maxLength: 50 }),
      (perSecond, burst, pauses) => {
        const { allowed, wait } = scene({ perSecond, burst });
        let total = allowed(100);
        let seconds = 0;
        for (const ms of pauses) {
          wait(ms);
          seconds += ms / 1_000;
          total += allowed(100);
        }
        return total <= burst + seconds * perSecond + 0.01;
      },
    ),
  );
});
