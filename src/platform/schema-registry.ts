import { z } from 'zod';

export type SchemaFormat = 'avro' | 'protobuf';

export interface Schema {
  readonly format: SchemaFormat;
  readonly schema: string;
}

/** A registry with Confluent's API. Whatever keeps it from answering rejects: that is an outage, not a missing schema. */
export interface SchemaRegistry {
  /** Its address, without what is secret in it. */
  readonly url: string;
  /** Undefined for an id that it has never handed out, and for a schema that stands in no format of ours. */
  readonly read: (id: number) => Promise<Schema | undefined>;
  /** Its id; the same one every time. */
  readonly register: (subject: string, schema: Schema) => Promise<number>;
  /** Why the newest schema of the subject would not live beside this one; empty where it would, or where there is none yet. */
  readonly incompatibilities: (subject: string, schema: Schema) => Promise<readonly string[]>;
}

const answerWithinMs = 3_000;
const mediaType = 'application/vnd.schemaregistry.v1+json';
// Confluent's codes, which every registry with its API uses: a 404 without one comes from somebody else.
const unknown = { schema: 40_403, subject: 40_401, version: 40_402 };

const names = { avro: 'AVRO', protobuf: 'PROTOBUF' } as const satisfies Record<SchemaFormat, string>;
// Without a type it is Avro: so it was before there were others.
const registered = z.object({ schema: z.string(), schemaType: z.string().default(names.avro) });
const identified = z.object({ id: z.int().min(0) });
const verdict = z.object({ is_compatible: z.boolean(), messages: z.array(z.string()).default([]) });
const refusal = z
  .object({ error_code: z.int().optional(), message: z.string().catch('') })
  .catch({ message: '' });

export function createSchemaRegistry(address: URL): SchemaRegistry {
  const { base, headers } = spoken(address);
  const request = async (path: string, body: unknown): Promise<{ response: Response; content: unknown }> => {
    try {
      const response = await fetch(`${base}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(answerWithinMs),
      });
      return { response, content: await response.json() };
    } catch (cause) {
      throw new Error(`No schema registry answers at ${base}; start it, or correct SCHEMA_REGISTRY_URL.`, {
        cause,
      });
    }
  };
  const ask = async <T>(path: string, answer: z.ZodType<T>, body?: unknown): Promise<T | Refusal> => {
    const { response, content } = await request(path, body);
    if (response.ok) return answer.parse(content);
    const { error_code: code, message } = refusal.parse(content);
    return { status: response.status, code, message: message.slice(0, 300) };
  };
  const refused = ({ status, message }: Refusal) =>
    new Error(
      `The schema registry answered ${status} ${message}`.trim() +
        '; check what SCHEMA_REGISTRY_URL points to, and who may register there.',
    );
  return {
    url: base,
    async read(id) {
      const answer = await ask(`/schemas/ids/${id}`, registered);
      if ('schema' in answer) {
        const format = formatOf(answer.schemaType);
        return format && { format, schema: answer.schema };
      }
      if (answer.code === unknown.schema) return undefined;
      throw refused(answer);
    },
    async register(subject, schema) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions`;
      const answer = await ask(path, identified, bodyOf(schema));
      if ('id' in answer) return answer.id;
      throw refused(answer);
    },
    async incompatibilities(subject, schema) {
      const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest?verbose=true`;
      const answer = await ask(path, verdict, bodyOf(schema));
      if ('is_compatible' in answer)
        return answer.is_compatible ? [] : [...answer.messages, 'the registry calls it incompatible'];
      if (answer.code === unknown.subject || answer.code === unknown.version) return [];
      throw refused(answer);
    },
  };
}

interface Refusal {
  readonly status: number;
  readonly code?: number | undefined;
  readonly message: string;
}

function bodyOf({ format, schema }: Schema) {
  return { schemaType: names[format], schema };
}

function formatOf(schemaType: string): SchemaFormat | undefined {
  if (schemaType === names.avro) return 'avro';
  return schemaType === names.protobuf ? 'protobuf' : undefined;
}

/** fetch refuses an address with a user in it. */
function spoken({ origin, pathname, username, password }: URL) {
  const base = `${origin}${pathname}`.replace(/\/+$/, '');
  const user = [username, password].map(decodeURIComponent).join(':');
  const authorization = { authorization: `Basic ${Buffer.from(user).toString('base64')}` };
  return {
    base,
    headers: {
      'content-type': mediaType,
      accept: 'application/json',
      ...(username === '' ? {} : authorization),
    },
  };
}
