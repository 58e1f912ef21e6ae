import { createKnownMarks } from './known-marks.ts';

const hourMs = 3_600_000;

test('marks are known until their time is over, and then forgotten within the hour', () => {
  let now = 1_000 * hourMs;
  const known = createKnownMarks(10 * hourMs, () => now);
  known.add(0, 'old', now);
  now += 5 * hourMs;
  known.add(1, 'young', now);
  known.add(0, 'again', now);
  expect([known.has('old'), known.has('young'), known.size]).toEqual([true, true, 3]);
  now += 6 * hourMs;
  known.add(2, 'new', now);
  expect([known.has('old'), known.has('young'), known.has('again'), known.size]).toEqual([
    false,
    true,
    true,
    3,
  ]);
});

test('a mark made again lives as long as the newest of them', () => {
  let now = 1_000 * hourMs;
  const known = createKnownMarks(10 * hourMs, () => now);
  known.add(0, 'a', now);
  now += 8 * hourMs;
  known.add(0, 'a', now);
  now += 8 * hourMs;
  known.add(0, 'b', now);
  expect(known.has('a')).toBe(true);
});

test('what was too old when it was read is not kept at all', () => {
  const known = createKnownMarks(10 * hourMs, () => 1_000 * hourMs);
  known.add(0, 'a', 989 * hourMs);
  expect([known.has('a'), known.size]).toEqual([false, 0]);
});
