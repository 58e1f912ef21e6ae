import { keepSome } from './keep-some.ts';

test('each key is looked for once, by however many at a time, and what failed is looked for again', async () => {
  const asked: string[] = [];
  let isBroken = true;
  const find = keepSome(10, async (key: string) => {
    asked.push(key);
    if (isBroken) throw new Error('not now');
    return key.toUpperCase();
  });
  await expect(Promise.all([find('a'), find('a')])).rejects.toThrow('not now');
  isBroken = false;
  expect(await Promise.all([find('a'), find('a'), find('b')])).toEqual(['A', 'A', 'B']);
  expect(asked).toEqual(['a', 'a', 'b']);
});

test('beyond the most the oldest is forgotten', async () => {
  const asked: number[] = [];
  const find = keepSome(2, async (key: number) => asked.push(key));
  for (const key of [1, 2, 3, 2, 3, 1]) await find(key);
  expect(asked).toEqual([1, 2, 3, 1]);
});
