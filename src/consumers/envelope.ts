import type { Context } from '@opentelemetry/api';
import { z } from 'zod';
import { isId } from '../core/id.ts';
import { withCorrelation } from '../platform/correlation.ts';
import type { IHeaders, KafkaMessage } from '../platform/kafka.ts';
import { type Carrier, extractTrace } from '../platform/telemetry.ts';
import type { OutboxRow } from '../store/outbox.ts';
import { RecordFault } from './faults.ts';
import type { Encoding } from './formats/encoding.ts';
import type { ValueReader } from './formats/value-reader.ts';
import { isFramed } from './formats/wire.ts';
import type { EventType } from './topics.ts';

/** CloudEvents 1.0, binary mode: the value is the body alone, everything about it is in the headers. */
export function toRecord(row: OutboxRow, { contentType, schemaUrl, encode }: Encoding) {
  return {
    key: row.key,
    value: encode(row.body),
    headers: {
      ce_specversion: '1.0',
      ce_id: row.event_id,
      ce_type: row.type,
      ce_source: sourceOf(row.type),
      ce_time: row.created_at.toISOString(),
      ce_subject: row.key,
      ce_dataschema: schemaUrl,
      'content-type': contentType,
      ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
      ...(row.correlation_id === null ? {} : { correlation_id: row.correlation_id }),
    },
  };
}

// The API takes bodies up to 1 MB, and an order's event is little larger than its request.
const largestValueBytes = 1_500_000;
const knownMajor = 1;

/** `/tbd/orders` for order.created. */
function sourceOf(type: string): string {
  return `/tbd/${type.split('.')[0]}s`;
}

type Readable = Pick<KafkaMessage, 'key' | 'value' | 'headers'>;

interface BodyShape<Body> {
  readonly subject: string;
  readonly type: EventType;
  readonly schema: z.ZodType<Body>;
  /** The id in a body, which is the record's key. */
  readonly idOf: (body: Body) => string;
}

/**
 * The body of a record, whichever format it has; throws RecordFault with the reason where it can never be understood, and
 * anything else while nobody can say what its schema is. Without `readValue` there is no registry to ask.
 */
export async function readBody<Body>(
  record: Readable,
  shape: BodyShape<Body>,
  readValue?: ValueReader,
): Promise<Body> {
  const { key, value } = present(record);
  const body = isFramed(value) ? await unframed(value, shape.type, readValue) : parseJson(record, value);
  return check(body, key, shape);
}

function present({ key, value }: Readable): { key: Buffer; value: Buffer } {
  if (value === null) throw new RecordFault('parse', 'the record has no value');
  if (key === null) throw new RecordFault('invalid', 'the record has no key');
  if (value.length > largestValueBytes)
    throw new RecordFault(
      'invalid',
      `the value has ${value.length} bytes; an event has ${largestValueBytes} at most`,
    );
  return { key, value };
}

function unframed(value: Buffer, type: EventType, readValue: ValueReader | undefined): Promise<unknown> {
  if (readValue !== undefined) return readValue(value, type);
  throw new RecordFault(
    'schema',
    'the value is in Avro or Protobuf, and nobody can say in which schema; set SCHEMA_REGISTRY_URL',
  );
}

function check<Body>(body: unknown, key: Buffer, { subject, schema, idOf }: BodyShape<Body>): Body {
  try {
    return known(body, key, { subject, schema, idOf });
  } catch (error) {
    // Whatever goes wrong in here is the record's doing (such as nesting that exhausts the stack), and would go wrong again.
    throw error instanceof RecordFault
      ? error
      : new RecordFault('invalid', `the value cannot be read: ${error}`);
  }
}

function known<Body>(
  body: unknown,
  key: Buffer,
  { subject, schema, idOf }: Omit<BodyShape<Body>, 'type'>,
): Body {
  const version = z.object({ schema_version: z.unknown() }).safeParse(body).data?.schema_version;
  if (version !== knownMajor)
    throw new RecordFault('schema', `schema_version ${JSON.stringify(version)} is unknown here`);
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new RecordFault('invalid', z.prettifyError(parsed.error));
  if (idOf(parsed.data) !== key.toString())
    throw new RecordFault('invalid', `${subject}_id is not the record’s key`);
  return parsed.data;
}

/** The trace context a record carries. */
export function traceOf({ headers = {} }: { headers?: IHeaders }): Carrier {
  const traceparent = headers.traceparent?.toString();
  return traceparent === undefined ? {} : { traceparent };
}

const saneId = /^[\w.:-]{1,128}$/;

/** undefined for what no process of ours writes. */
function idIn(header: IHeaders[string]): string | undefined {
  const given = header?.toString();
  return given !== undefined && saneId.test(given) ? given : undefined;
}

/** Where lines and spans about a record belong: its trace, and the request that began it. */
export function contextOf(record: { headers?: IHeaders }): Context {
  return withCorrelation(extractTrace(traceOf(record)), idIn(record.headers?.correlation_id));
}

/** The ids of a record's event and of what it is about, as far as it says them. */
export function idsOf({ key, headers = {} }: Pick<Readable, 'key' | 'headers'>): {
  readonly eventId: string | undefined;
  readonly id: string | undefined;
} {
  // A stranger's key may have a megabyte.
  const id = key?.subarray(0, 64).toString() ?? '';
  return { eventId: idIn(headers.ce_id), id: isId(id) ? id : undefined };
}

const framedTypes = /^application\/(avro|protobuf)\b/;

function parseJson({ headers = {} }: Readable, value: Buffer): unknown {
  const type = String(headers['content-type'] ?? '');
  if (framedTypes.test(type))
    throw new RecordFault(
      'parse',
      `the value is to be ${type.slice(0, 40)}, but does not begin with a schema’s id`,
    );
  try {
    return JSON.parse(value.toString());
  } catch {
    throw new RecordFault('parse', 'the value is not JSON');
  }
}
