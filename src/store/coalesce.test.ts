import { eventually } from '../../tests/support/eventually.ts';
import { coalesce } from './coalesce.ts';

/** A `run` that ends when told to, and what it was given. */
function scene(limits: { atOnce?: number; maxItems?: number; maxSize?: number; patienceMs?: number } = {}) {
  const batches: { items: readonly string[]; done: PromiseWithResolvers<readonly string[]> }[] = [];
  const call = coalesce<string, string>(
    (items) => {
      const done = Promise.withResolvers<readonly string[]>();
      batches.push({ items, done });
      return done.promise;
    },
    {
      atOnce: 1,
      maxItems: 10,
      maxSize: 100,
      patienceMs: 60_000,
      ...limits,
      sizeOf: (item) => item.length,
      tooLate: () => new Error('too late'),
      isEverybodys: (error) => error instanceof Error && error.message === 'down',
    },
  );
  const given = () => batches.map(({ items }) => items.join(' '));
  const finish = (at: number) => batches[at]?.done.resolve(batches[at].items.map((item) => `${item}!`));
  const fail = (at: number, message: string) => batches[at]?.done.reject(new Error(message));
  return { call, given, finish, fail };
}

test('a call alone goes at once; those that come meanwhile go together, each with its own result', async () => {
  const { call, given, finish } = scene();
  const calls = ['a', 'b', 'c'].map(call);
  expect(given()).toEqual(['a']);
  finish(0);
  await calls[0];
  await Promise.resolve();
  expect(given()).toEqual(['a', 'b c']);
  finish(1);
  expect(await Promise.all(calls)).toEqual(['a!', 'b!', 'c!']);
});

test('no more batches are under way than allowed, and none is larger', async () => {
  const { call, given, finish } = scene({ atOnce: 2, maxItems: 2 });
  const calls = ['a', 'b', 'c', 'd', 'e'].map(call);
  expect(given()).toEqual(['a', 'b']);
  finish(0);
  await calls[0];
  await Promise.resolve();
  expect(given()).toEqual(['a', 'b', 'c d']);
  finish(1);
  finish(2);
  await calls[3];
  await Promise.resolve();
  finish(3);
  expect(await Promise.all(calls)).toEqual(['a!', 'b!', 'c!', 'd!', 'e!']);
});

test('a batch is cut at its size, and what is too large goes alone', async () => {
  const { call, given, finish } = scene({ maxSize: 4 });
  const calls = ['a', 'sixsix', 'bb', 'cc', 'd'].map(call);
  for (const at of [0, 1, 2, 3]) {
    finish(at);
    await new Promise(setImmediate);
  }
  expect(given()).toEqual(['a', 'sixsix', 'bb cc', 'd']);
  await Promise.all(calls);
});

test('a batch that fails through one of its items is tried one by one', async () => {
  const { call, given, finish, fail } = scene();
  const calls = ['a', 'b', 'c'].map(call);
  finish(0);
  await new Promise(setImmediate);
  fail(1, 'b is wrong');
  await new Promise(setImmediate);
  expect(given()).toEqual(['a', 'b c', 'b', 'c']);
  fail(2, 'b is wrong');
  finish(3);
  const settled = await Promise.allSettled(calls);
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('a fault that is nobody’s own ends those that wait as well, and the next call tries anew', async () => {
  const { call, given, finish, fail } = scene();
  const calls = ['a', 'b', 'c'].map(call);
  fail(0, 'down');
  const settled = await Promise.allSettled(calls);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  const next = call('d');
  expect(given()).toEqual(['a', 'd']);
  finish(1);
  expect(await next).toBe('d!');
});

test('who has waited too long for a batch is told so, and the others go', async () => {
  const { call, given, finish } = scene({ patienceMs: 50 });
  const first = call('a');
  const late = expect(call('b')).rejects.toThrow('too late');
  const began = performance.now();
  await eventually(async () => expect(performance.now() - began).toBeGreaterThan(60), 1_000);
  const next = call('c');
  finish(0);
  await first;
  await late;
  expect(given()).toEqual(['a', 'c']);
  finish(1);
  expect(await next).toBe('c!');
});
