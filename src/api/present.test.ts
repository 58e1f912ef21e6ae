import { newOrderId } from '../order/id.ts';
import { orderTag, presentCursor, readCursor } from './present.ts';

test('a cursor is opaque, fits an address and comes back as it went', () => {
  const id = newOrderId();
  expect(presentCursor(id)).toMatch(/^[\w-]+$/);
  expect(presentCursor(id)).not.toContain(id);
  expect(readCursor(presentCursor(id))).toBe(id);
});

test('a tag is strong and names the version', () => {
  expect(orderTag({ version: 7 })).toBe('"7"');
});
