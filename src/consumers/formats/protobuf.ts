import protobuf from 'protobufjs';
import type { Codec } from './codec.ts';
import { assertWireTypes } from './protobuf-wire.ts';

/** The message of that name in the text of a .proto file; its fields keep their names. */
export function protobufCodec(own: string, name: string): Codec {
  const type = parseProto(own).root.lookupType(name);
  return {
    encode: (body) => {
      // It is an event's body, and fromObject takes any object.
      const fields = body as Record<string, unknown>;
      return Buffer.from(type.encode(type.fromObject(fields)).finish());
    },
    decode: (bytes) => {
      assertWireTypes(type, bytes);
      const message = type.decode(bytes);
      return { ...unset(type), ...type.toObject(message, { longs: Number, defaults: true }) };
    },
  };
}

export interface Messages {
  /** The full name of the message that `indexes` lead to, level by level; undefined where they lead nowhere. */
  readonly at: (indexes: readonly number[]) => string | undefined;
  /** The way to a message that stands in no other; throws where there is none of that name. */
  readonly wayTo: (name: string) => readonly number[];
}

/** The messages in the text of a .proto file; throws where it is none. */
export function readMessages(schema: string): Messages {
  const { root, package: name } = parseProto(schema);
  const found = name === undefined ? root : root.lookup(name);
  const scope = found instanceof protobuf.Namespace ? found : root;
  return {
    at(indexes) {
      let place: protobuf.NamespaceBase | undefined = scope;
      for (const index of indexes) place = place && messagesIn(place)[index];
      return place instanceof protobuf.Type ? nameOf(place) : undefined;
    },
    wayTo(name) {
      const index = messagesIn(scope).findIndex((type) => nameOf(type) === name);
      if (index < 0) throw new Error(`The Protobuf schema has no message ${name}; add it.`);
      return [index];
    },
  };
}

export function parseProto(schema: string): protobuf.IParserResult {
  return protobuf.parse(schema, new protobuf.Root(), { keepCase: true });
}

function messagesIn({ nestedArray }: protobuf.NamespaceBase): readonly protobuf.Type[] {
  return nestedArray.filter((one) => one instanceof protobuf.Type);
}

function nameOf({ fullName }: protobuf.Type): string {
  return fullName.replace(/^\./, '');
}

/** A field that may be missing is null in the body of an event. */
function unset({ fieldsArray }: protobuf.Type): Record<string, null> {
  return Object.fromEntries(
    fieldsArray.filter(({ partOf }) => partOf !== null).map(({ name }) => [name, null]),
  );
}
