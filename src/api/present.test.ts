import { newId } from '../core/id.ts';
import { presentCursor, readCursor, versionTag } from './present.ts';

test.each(['older', 'newer'])(
  'a cursor to what is %s is opaque, fits an address and comes back as it went',
  (direction) => {
    const id = newId();
    const position = direction === 'older' ? { older: id } : { newer: id };
    const cursor = presentCursor(position);
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(cursor).not.toContain(id);
    expect(readCursor(cursor)).toEqual(position);
  },
);

test('what is no cursor is none', () => {
  const id = newId();
  for (const text of ['', '<', id, `=${id}`, `<${id}0`, `<<${id}`])
    expect(readCursor(Buffer.from(text).toString('base64url'))).toBeUndefined();
});

test('a tag is strong and names the version', () => {
  expect(versionTag({ version: 7 })).toBe('"7"');
});
