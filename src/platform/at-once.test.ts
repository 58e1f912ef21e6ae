import { atOnce } from './at-once.ts';

test('every item is worked on, no more at a time than allowed', async () => {
  const done: number[] = [];
  let [underWay, most] = [0, 0];
  await atOnce(3, [1, 2, 3, 4, 5, 6, 7], async (item) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    done.push(item);
  });
  expect([done.sort(), most]).toEqual([[1, 2, 3, 4, 5, 6, 7], 3]);
});

test('after a failure no more are begun', async () => {
  const begun: number[] = [];
  const working = atOnce(2, [1, 2, 3, 4, 5], async (item) => {
    begun.push(item);
    await new Promise((resolve) => setImmediate(resolve));
    if (item === 1) throw new Error('the first fails');
  });
  await expect(working).rejects.toThrow('the first fails');
  expect(begun).toEqual([1, 2]);
});
