import avsc, { type Type } from 'avsc';

const { types } = avsc;

// Deeper than any schema of ours; a schema may refer to itself.
const deepest = 64;

interface Cursor {
  readonly bytes: Buffer;
  at: number;
  items: number;
}

/**
 * Throws where the bytes end before the value does, or claim more than they hold. The library looks only when it has read
 * all of it: ten bytes that announce 2³¹ items keep it busy until memory ends.
 */
export function assertBounded(type: Type, bytes: Buffer): void {
  const cursor = { bytes, at: 0, items: 0 };
  pass(type, cursor, 0);
}

function pass(type: Type, cursor: Cursor, depth: number): void {
  if (depth > deepest) throw new Error(`nested deeper than ${deepest}`);
  if (type instanceof types.RecordType) for (const field of type.fields) pass(field.type, cursor, depth + 1);
  else if (type instanceof types.ArrayType) passBlocks([type.itemsType], cursor, depth);
  else if (type instanceof types.MapType) passBlocks([aString, type.valuesType], cursor, depth);
  else if (type instanceof types.UnwrappedUnionType || type instanceof types.WrappedUnionType) {
    const branch = type.types[readLong(cursor)];
    if (branch === undefined) throw new Error('a union has no such branch');
    pass(branch, cursor, depth + 1);
  } else if (type instanceof types.EnumType) {
    if (type.symbols[readLong(cursor)] === undefined) throw new Error('an enum has no such symbol');
  } else if (type instanceof types.FixedType) skip(cursor, type.size);
  else skip(cursor, bytesOf(type, cursor));
}

const aString = avsc.Type.forSchema('string');

/** Of a primitive, beyond what is read to know it. */
function bytesOf({ typeName }: Type, cursor: Cursor): number {
  switch (typeName) {
    case 'null':
      return 0;
    case 'boolean':
      return 1;
    case 'float':
      return 4;
    case 'double':
      return 8;
    case 'int':
    case 'long':
    case 'abstract:long':
      readLong(cursor);
      return 0;
    case 'bytes':
    case 'string':
      return readLong(cursor);
    default:
      throw new Error(`no bounds are known for ${typeName}`);
  }
}

function passBlocks(parts: readonly Type[], cursor: Cursor, depth: number): void {
  for (let count = readLong(cursor); count !== 0; count = readLong(cursor)) {
    // A negative count has the block's length in bytes behind it.
    if (count < 0) readLong(cursor);
    cursor.items += Math.abs(count);
    // Items may take no byte at all, such as null: they are not free for that.
    if (cursor.items > cursor.bytes.length) throw new Error('more items are announced than there are bytes');
    for (let left = Math.abs(count); left > 0; left -= 1)
      for (const part of parts) pass(part, cursor, depth + 1);
  }
}

function skip(cursor: Cursor, length: number): void {
  if (length < 0 || length > cursor.bytes.length - cursor.at) throw new Error('the value ends too early');
  cursor.at += length;
}

// 64 bits, 7 in a byte.
const longestLong = 10;

/** Exact up to 2⁵³, and large beyond: no count or length is. */
function readLong(cursor: Cursor): number {
  let zigzag = 0;
  for (let read = 0; read < longestLong; read += 1) {
    const byte = cursor.bytes[cursor.at];
    if (byte === undefined) throw new Error('the value ends too early');
    cursor.at += 1;
    zigzag += (byte & 0x7f) * 2 ** (7 * read);
    if (byte < 0x80) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }
  throw new Error('a number is longer than 64 bits');
}
