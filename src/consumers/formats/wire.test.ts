import fc from 'fast-check';
import { frame, isFramed, readWay, unframe, writeWay } from './wire.ts';

test('what was framed comes out again, whatever its id and its message', () => {
  const id = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  const indexes = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 16 });
  fc.assert(
    fc.property(id, indexes, fc.uint8Array(), (given, way, bytes) => {
      const framed = frame(given, Buffer.from(bytes), writeWay(way));
      expect(isFramed(framed)).toBe(true);
      const { id, value } = unframe(framed);
      const read = readWay(value);
      expect([id, read.indexes, read.value]).toEqual([given, way, Buffer.from(bytes)]);
    }),
  );
});

test('the first message is a bare zero, as every other writer has it', () => {
  expect(writeWay([0])).toEqual(Buffer.from([0]));
  expect(writeWay([2])).toEqual(Buffer.from([2, 4]));
});

test('no text of JSON is taken for a schema’s id', () => {
  for (const text of ['{}', ' {', '0', '"0"', '']) expect(isFramed(Buffer.from(text))).toBe(false);
});
