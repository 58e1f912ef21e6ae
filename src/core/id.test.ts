import { randomUUID } from 'node:crypto';
import { madeAt, newId } from './id.ts';

test('an id says when it was made', () => {
  const before = Date.now();
  const at = madeAt(newId());
  // The ids of one millisecond may borrow from the next.
  expect(at).toBeGreaterThanOrEqual(before);
  expect(at).toBeLessThanOrEqual(Date.now() + 1_000);
});

test('an id of another kind does not, and neither does what is none', () => {
  expect(madeAt(randomUUID())).toBeUndefined();
  expect(madeAt('order-1')).toBeUndefined();
});
