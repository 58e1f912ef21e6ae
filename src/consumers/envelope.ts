import { z } from 'zod';
import type { IHeaders, KafkaMessage } from '../platform/kafka.ts';
import type { Carrier } from '../platform/telemetry.ts';
import type { OutboxRow } from '../store/outbox.ts';
import { RecordFault } from './faults.ts';

/** CloudEvents 1.0, binary mode: the body stays what it is, everything about it is in the headers. */
export function toRecord(row: OutboxRow) {
  return {
    key: row.key,
    value: row.body,
    headers: {
      ce_specversion: '1.0',
      ce_id: row.event_id,
      ce_type: row.type,
      ce_source: sourceOf(row.type),
      ce_time: row.created_at.toISOString(),
      ce_subject: row.key,
      ce_dataschema: `/schemas/${row.type}/v1`,
      'content-type': 'application/json',
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

interface BodyShape<Body> {
  readonly subject: string;
  readonly schema: z.ZodType<Body>;
  /** The id in a body, which is the record's key. */
  readonly idOf: (body: Body) => string;
}

/** The body of a record; throws RecordFault with the reason where it can never be understood. */
export function readBody<Body>(record: Pick<KafkaMessage, 'key' | 'value'>, shape: BodyShape<Body>): Body {
  try {
    return decode(record, shape);
  } catch (error) {
    // Whatever goes wrong in here is the record's doing (such as nesting that exhausts the stack), and would go wrong again.
    throw error instanceof RecordFault
      ? error
      : new RecordFault('invalid', `the value cannot be read: ${error}`);
  }
}

function decode<Body>(
  { key, value }: Pick<KafkaMessage, 'key' | 'value'>,
  { subject, schema, idOf }: BodyShape<Body>,
): Body {
  if (value === null) throw new RecordFault('parse', 'the record has no value');
  if (key === null) throw new RecordFault('invalid', 'the record has no key');
  if (value.length > largestValueBytes)
    throw new RecordFault(
      'invalid',
      `the value has ${value.length} bytes; an event has ${largestValueBytes} at most`,
    );
  const body = parseJson(value);
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

function parseJson(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString());
  } catch {
    throw new RecordFault('parse', 'the value is not JSON');
  }
}
