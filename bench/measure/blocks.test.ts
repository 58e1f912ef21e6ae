import { alternate, controlRatios, pairRatios } from './blocks.ts';
import type { Measured } from './program.ts';

const at = (perSecond: number): Measured => ({
  endsPerSecond: perSecond,
  started: 1,
  measured: 1,
  perSecond,
  p50Ms: 1,
  p99Ms: 1,
  cpu: {},
});

test('subjects take turns there and back, so that a drift meets all alike', async () => {
  const order: string[] = [];
  const subject = (name: string) => async () => {
    order.push(name);
    return at(order.length);
  };
  const blocks = await alternate(3, { a: subject('a'), b: subject('b') }, () => {});
  expect(order.join('')).toBe('abbaab');
  expect(blocks.a.map(({ perSecond }) => perSecond)).toEqual([1, 4, 5]);
  expect(pairRatios(blocks.a, blocks.b, ({ perSecond }) => perSecond)).toEqual([1 / 2, 4 / 3, 5 / 6]);
});

test('the control compares the baseline’s blocks that follow on each other', () => {
  expect(controlRatios([at(10), at(20), at(30), at(40), at(50)])).toEqual([0.5, 0.75]);
});
