import type { Schema, SchemaFormat } from '../../platform/schema-registry.ts';
import { RecordFault } from '../faults.ts';
import type { EventType } from '../topics.ts';
import { avroCodec } from './avro.ts';
import { eventName, newestSchema } from './event-schemas.ts';
import { keepSome } from './keep-some.ts';
import type { KnownSchemas } from './known-schemas.ts';
import { protobufCodec, readMessages } from './protobuf.ts';
import { readWay, unframe } from './wire.ts';

/**
 * The body in a value that begins with a schema's id, of an event of that type. Throws RecordFault where it can never be
 * read, and anything else while the schema cannot be had: then it is not the record's doing.
 */
export type ValueReader = (framed: Buffer, type: EventType) => Promise<unknown>;

// Ids are handed out for ever; a process meets a handful.
const mostKept = 1_000;

export function createValueReader(schemas: Pick<KnownSchemas, 'read'>): ValueReader {
  const readers = keepSome(mostKept, async (key: string) => {
    const [id = '', type = ''] = key.split(' ');
    const schema = await schemas.read(Number(id));
    if (schema !== undefined) return orSchemaFault(() => readerFor(type, schema));
    throw new RecordFault('schema', `the schema registry has no schema ${id} in Avro or Protobuf`);
  });
  return async (framed, type) => {
    const { id, value } = orParseFault(() => unframe(framed));
    const read = await readers(`${id} ${type}`);
    return read(value);
  };
}

type Read = (value: Buffer) => unknown;

const readers: Readonly<Record<SchemaFormat, (type: string, own: string, writer: string) => Read>> = {
  avro: (_type, own, writer) => {
    const { decode } = avroCodec(own, writer);
    return (value) => orParseFault(() => decode(value));
  },
  // Old and new messages are told by the numbers of their fields: the writer's schema only says which message it is.
  protobuf: (type, own, writer) => {
    const name = eventName(type);
    const { decode } = protobufCodec(own, name);
    const messages = readMessages(writer);
    return (framed) => {
      const { indexes, value } = orParseFault(() => readWay(framed));
      const found = messages.at(indexes);
      if (found !== name)
        throw new RecordFault(
          'schema',
          `the record is a ${found ?? 'message that its schema lacks'}, not a ${name}`,
        );
      return orParseFault(() => decode(value));
    };
  },
};

function readerFor(type: string, { format, schema }: Schema): Read {
  const own = newestSchema(type, format);
  if (own === undefined) throw new Error(`${type} has no schema in ${format}`);
  return readers[format](type, own, schema);
}

function orParseFault<T>(read: () => T): T {
  return orFault('parse', 'the value cannot be decoded', read);
}

function orSchemaFault<T>(read: () => T): T {
  return orFault('schema', 'the record’s schema does not fit', read);
}

function orFault<T>(faultClass: 'parse' | 'schema', what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RecordFault
      ? error
      : new RecordFault(faultClass, `${what}: ${error instanceof Error ? error.message : error}`);
  }
}
