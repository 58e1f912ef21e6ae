import protobuf from 'protobufjs';

const packed = 2;
// As in the library, which ends at the same depth.
const deepest = 100;

/**
 * Throws where a field's bytes are not of the kind that its number has in `type`. The library reads them as if they were: an
 * amount out of the length of a text.
 */
export function assertWireTypes(type: protobuf.Type, bytes: Uint8Array): void {
  const reader = protobuf.Reader.create(bytes);
  pass(type, reader, bytes.length, 0);
}

function pass(type: protobuf.Type, reader: protobuf.Reader, end: number, depth: number): void {
  if (depth > deepest) throw new Error(`nested deeper than ${deepest}`);
  while (reader.pos < end) {
    const tag = reader.uint32();
    const wireType = tag & 7;
    const field: protobuf.Field | undefined = type.fieldsById[tag >>> 3];
    if (field === undefined) reader.skipType(wireType);
    else {
      const { resolvedType } = field.resolve();
      if (!kindsOf(field).includes(wireType))
        throw new Error(`field ${field.name} has bytes of another kind (${wireType})`);
      if (resolvedType instanceof protobuf.Type) {
        const length = reader.uint32();
        if (reader.pos + length > end) throw new Error(`field ${field.name} ends too late`);
        pass(resolvedType, reader, reader.pos + length, depth + 1);
      } else reader.skipType(wireType);
    }
  }
  if (reader.pos !== end) throw new Error('the value ends too early');
}

// A message's name is none of them.
const kinds: Readonly<Record<string, number>> = protobuf.types.basic;

function kindsOf({ type, repeated, resolvedType }: protobuf.Field): readonly number[] {
  if (resolvedType instanceof protobuf.Type) return [packed];
  const own = kinds[resolvedType === null ? type : 'int32'] ?? packed;
  return repeated ? [own, packed] : [own];
}
