import { exactly, type Ratio } from './measure/statistics.ts';
import { isVoid, verdict } from './rows.ts';

const between = (low: number, high: number): Ratio => ({
  median: (low + high) / 2,
  low,
  high,
  pairs: [low, high],
});

test.each([
  [between(0.7, 0.8), { least: 0.65, stretch: 0.85 }, 'pass'],
  [between(0.86, 0.9), { least: 0.65, stretch: 0.85 }, 'stretch'],
  [between(0.6, 0.9), { least: 0.65, stretch: 0.85 }, 'FAIL'],
  [between(1.1, 1.6), { most: 1.7, stretch: 1.35 }, 'pass'],
  [between(1.1, 1.3), { most: 1.7, stretch: 1.35 }, 'stretch'],
  [between(1.1, 1.8), { most: 1.7, stretch: 1.35 }, 'FAIL'],
  [exactly(1), { exactly: 1 }, 'pass'],
  [between(1, 1.1), { exactly: 1 }, 'FAIL'],
  [between(0, 9), undefined, 'report'],
])('a bar is met only by the whole interval (%#)', (ratio, bar, expected) => {
  expect(verdict({ id: 'x', question: 'x', ratio, ...(bar && { bar }) })).toBe(expected);
});

test('a part whose baseline differs from itself says nothing', () => {
  const part = { name: 'x', rows: [], notes: [] };
  expect(isVoid(part)).toBe(false);
  expect(isVoid({ ...part, control: exactly(0.97) })).toBe(false);
  expect(isVoid({ ...part, control: exactly(0.94) })).toBe(true);
  expect(isVoid({ ...part, control: exactly(1.06) })).toBe(true);
});
