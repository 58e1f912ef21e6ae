import type { SchemaFormat } from '../../platform/schema-registry.ts';
import { avroCodec } from './avro.ts';
import { type Encoding, type Encodings, jsonEncoding } from './encoding.ts';
import { eventName, newestSchema } from './event-schemas.ts';
import { keepSome } from './keep-some.ts';
import type { KnownSchemas } from './known-schemas.ts';
import { protobufCodec, readMessages } from './protobuf.ts';
import { frame, writeWay } from './wire.ts';

interface RegisteredDeps {
  readonly schemas: Pick<KnownSchemas, 'idOf'>;
  readonly registryUrl: string;
}

const mostKept = 100;

/** In the newest schema that this process knows, under the id that the registry gives it; once that is known nobody is asked again. */
export function registeredEncodings(
  format: SchemaFormat,
  { schemas, registryUrl }: RegisteredDeps,
): Encodings {
  const encodings = keepSome(mostKept, async (key: string): Promise<Encoding> => {
    const [type = '', topic = ''] = key.split(' ');
    const schema = newestSchema(type, format);
    if (schema === undefined) return jsonEncoding(type);
    const id = await schemas.idOf(subjects[format](topic), { format, schema });
    const write = writers[format](type, schema);
    return {
      contentType: `application/${format}`,
      schemaUrl: `${registryUrl}/schemas/ids/${id}`,
      encode: (body) => write(id, JSON.parse(body)),
    };
  });
  return (type, topic) => encodings(`${type} ${topic}`);
}

// A registry compares the versions of a subject with one another, so each format has its own; the first name is the one that
// other tools look for.
const subjects: Readonly<Record<SchemaFormat, (topic: string) => string>> = {
  avro: (topic) => `${topic}-value`,
  protobuf: (topic) => `${topic}-value-protobuf`,
};

/** Under which names the newest schemas stand in a registry, in every format. */
export function eventSubjects(topics: Readonly<Record<string, string>>) {
  return formats.flatMap((format) =>
    Object.entries(topics).flatMap(([type, topic]) => {
      const schema = newestSchema(type, format);
      return schema === undefined ? [] : [{ subject: subjects[format](topic), schema: { format, schema } }];
    }),
  );
}

const formats = ['avro', 'protobuf'] as const;

type Write = (id: number, body: unknown) => Buffer;

const writers: Readonly<Record<SchemaFormat, (type: string, schema: string) => Write>> = {
  avro: (_type, schema) => {
    const { encode } = avroCodec(schema);
    return (id, body) => frame(id, encode(body));
  },
  protobuf: (type, schema) => {
    const name = eventName(type);
    const { encode } = protobufCodec(schema, name);
    const way = writeWay(readMessages(schema).wayTo(name));
    return (id, body) => frame(id, encode(body), way);
  },
};
