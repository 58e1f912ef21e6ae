import { median, quantile, ratioOf } from './statistics.ts';

test('the median of an even count lies between the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
});

test('a quantile is the value that so many do not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
  expect(quantile(hundred, 0.99)).toBe(99);
  expect(quantile(hundred, 0.5)).toBe(50);
  expect(quantile([7], 0.99)).toBe(7);
  expect(() => quantile([], 0.5)).toThrow(/run longer/);
});

test('a ratio’s interval holds its median, is narrow where the pairs agree, and is the same every time', () => {
  const wide = ratioOf([0.5, 0.7, 0.9, 0.6, 0.8]);
  expect(wide.median).toBe(0.7);
  expect(wide.low).toBeLessThan(0.7);
  expect(wide.high).toBeGreaterThan(0.7);
  expect(ratioOf([0.5, 0.7, 0.9, 0.6, 0.8])).toEqual(wide);
  expect(ratioOf([0.7, 0.7, 0.7])).toMatchObject({ low: 0.7, high: 0.7 });
});
