// Confluent's format: a zero, the schema's id in four bytes, for Protobuf the way to the message, and the value.
const magic = 0;
const prefixBytes = 5;

/** No text in JSON begins with a zero. */
export function isFramed(value: Buffer): boolean {
  return value[0] === magic;
}

export function frame(id: number, value: Buffer, way: Buffer = Buffer.alloc(0)): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(id, 1);
  return Buffer.concat([prefix, way, value]);
}

/** Throws where it is too short to have an id. */
export function unframe(framed: Buffer): { readonly id: number; readonly value: Buffer } {
  if (framed.length < prefixBytes) throw new Error(`${framed.length} bytes hold no schema id`);
  return { id: framed.readUInt32BE(1), value: framed.subarray(prefixBytes) };
}

/** Indexes of messages from the outside to the inside, as zigzag varints behind their count; the first message is a bare zero. */
export function writeWay(indexes: readonly number[]): Buffer {
  if (indexes.every((index) => index === 0) && indexes.length === 1) return Buffer.from([0]);
  return Buffer.from([indexes.length, ...indexes].flatMap((number) => varint(number * 2)));
}

// Deeper nesting than anybody writes; a count is not to be believed.
const longestWay = 16;

export function readWay(value: Buffer): { readonly indexes: readonly number[]; readonly value: Buffer } {
  const cursor = { value, at: 0 };
  const count = readZigzag(cursor);
  if (count < 0 || count > longestWay) throw new Error(`${count} is no number of message indexes`);
  const indexes = count === 0 ? [0] : Array.from({ length: count }, () => readZigzag(cursor));
  return { indexes, value: value.subarray(cursor.at) };
}

function varint(number: number): number[] {
  return number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...varint(number >>> 7)];
}

function readZigzag(cursor: { readonly value: Buffer; at: number }): number {
  let number = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = cursor.value[cursor.at];
    if (byte === undefined) throw new Error('the value ends within its message indexes');
    cursor.at += 1;
    number |= (byte & 0x7f) << shift;
    if (byte < 0x80) return (number >>> 1) ^ -(number & 1);
  }
  throw new Error('a message index is too large');
}
