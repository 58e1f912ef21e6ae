import avsc from 'avsc';
import fc from 'fast-check';
import { assertBounded } from './avro-bounds.ts';

const array = (items: unknown) => avsc.Type.forSchema({ type: 'array', items } as avsc.Schema); // any JSON is one to try
const long = (value: number) => avsc.Type.forSchema('long').toBuffer(value);
const bytes = (...parts: readonly (number | Buffer)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? long(part) : part)));

test.each([
  ['2³¹ texts in ten bytes', array('string'), bytes(2 ** 31, Buffer.alloc(5))],
  ['2³¹ of what takes no byte', array('null'), bytes(2 ** 31, 0)],
  ['2⁵⁰ of them, said the other way', array('null'), bytes(-(2 ** 50), 4, 0)],
  ['many blocks of what takes no byte', array('null'), bytes(4, 4, 4, 4, 0)],
  ['a text of a gigabyte', avsc.Type.forSchema('string'), bytes(2 ** 30)],
  ['a text of less than nothing', avsc.Type.forSchema('bytes'), bytes(-3, 0)],
  ['a number without end', avsc.Type.forSchema('long'), Buffer.alloc(20, 0xff)],
  ['a branch that is none', avsc.Type.forSchema(['null', 'string']), bytes(7)],
  ['a symbol that is none', avsc.Type.forSchema({ type: 'enum', name: 'E', symbols: ['A'] }), bytes(1)],
])('%s is refused before anything is made of it', (_, type, value) => {
  expect(() => assertBounded(type, value)).toThrow();
});

test('a value nested without end is refused', () => {
  const list = avsc.Type.forSchema({
    type: 'record',
    name: 'List',
    fields: [{ name: 'next', type: ['null', 'List'] }],
  });
  expect(() => assertBounded(list, Buffer.alloc(100_000, long(1)))).toThrow('nested deeper');
});

const everything = avsc.Type.forSchema({
  type: 'record',
  name: 'Everything',
  fields: [
    { name: 'a', type: ['null', 'string'] },
    { name: 'b', type: { type: 'array', items: { type: 'map', values: 'long' } } },
    { name: 'c', type: 'double' },
    { name: 'd', type: { type: 'fixed', name: 'F', size: 3 } },
    { name: 'e', type: 'boolean' },
    { name: 'f', type: 'float' },
    { name: 'g', type: { type: 'enum', name: 'E', symbols: ['X', 'Y'] } },
    { name: 'h', type: 'bytes' },
  ],
});

test('whatever the library wrote passes, and nothing that is cut off does', () => {
  for (let round = 0; round < 50; round += 1) {
    const value = everything.toBuffer(everything.random());
    assertBounded(everything, value);
    const ends = Array.from(value, (_, end) => end);
    expect(ends.filter((end) => passes(value.subarray(0, end)))).toEqual([]);
  }
});

test('any bytes whatever are answered at once: taken, or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (given) => {
      expect([true, false]).toContain(passes(Buffer.from(given)));
    }),
    { numRuns: 2_000 },
  );
});

function passes(value: Buffer): boolean {
  try {
    assertBounded(everything, value);
    return true;
  } catch {
    return false;
  }
}
