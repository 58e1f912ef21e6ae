import avsc from 'avsc';
import { assertBounded } from './avro-bounds.ts';
import type { Codec } from './codec.ts';

/** `own` is the schema this process knows, `writer` that of the record; throws where the one cannot stand for the other. */
export function avroCodec(own: string, writer = own): Codec {
  const ownType = parseAvro(own);
  const writerType = parseAvro(writer);
  const resolver = ownType.createResolver(writerType);
  return {
    encode: (body) => ownType.toBuffer(body),
    decode: (bytes) => {
      assertBounded(writerType, bytes);
      return ownType.fromBuffer(bytes, resolver);
    },
  };
}

export function parseAvro(schema: string): avsc.Type {
  return avsc.Type.forSchema(JSON.parse(schema), { registry: { long } });
}

// The library's own refuses 2⁵³ − 1, which an amount may be. What is beyond comes out rounded: no schema of a body takes it.
const long = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => Number(bytes.readBigInt64LE()),
  toBuffer: (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: Number,
  toJSON: Number,
  isValid: Number.isSafeInteger,
  compare: (one: number, other: number) => Math.sign(one - other),
});
