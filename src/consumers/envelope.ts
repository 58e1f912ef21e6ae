import { z } from 'zod';
import type { OrderEventType } from '../order/events.ts';
import type { IHeaders, KafkaMessage } from '../platform/kafka.ts';
import type { Carrier } from '../platform/telemetry.ts';
import type { OutboxRow } from '../store/outbox.ts';

const longestReason = 1_000;

/** What is wrong with a record that can never work. */
export class RecordFault extends Error {
  override readonly name = 'RecordFault';
  readonly class: 'parse' | 'schema' | 'invalid';

  constructor(faultClass: RecordFault['class'], message: string) {
    // The reason travels in a header of the dead letter: it must not carry the record's own megabyte.
    super(message.slice(0, longestReason));
    this.class = faultClass;
  }
}

/** CloudEvents 1.0, binary mode: the body stays what it is, everything about it is in the headers. */
export function toRecord(row: OutboxRow) {
  return {
    key: row.key,
    value: row.body,
    headers: {
      ce_specversion: '1.0',
      ce_id: row.event_id,
      ce_type: row.type,
      ce_source: '/tbd/orders',
      ce_time: row.created_at.toISOString(),
      ce_subject: row.key,
      ce_dataschema: `/schemas/${row.type}/v1`,
      'content-type': 'application/json',
      ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
      ...(row.correlation_id === null ? {} : { correlation_id: row.correlation_id }),
    },
  };
}

const created = z.object({
  // One spelling only: the workflow's id is made of it.
  order_id: z.uuid().lowercase(),
  amount_cents: z.int().positive(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  merchant_id: z.string().max(255).nullable(),
  items: z.array(z.unknown()),
});
export type OrderCreatedBody = z.output<typeof created>;

// The API takes bodies up to 1 MB, and an order's event is little larger than its request.
const largestValueBytes = 1_500_000;
const knownMajor: Record<Extract<OrderEventType, 'order.created'>, number> = { 'order.created': 1 };

/** The body of an `order.created` record; throws RecordFault with the reason where it can never be understood. */
export function readOrderCreated(record: Pick<KafkaMessage, 'key' | 'value'>): OrderCreatedBody {
  try {
    return decode(record);
  } catch (error) {
    // Whatever goes wrong in here is the record's doing (such as nesting that exhausts the stack), and would go wrong again.
    throw error instanceof RecordFault
      ? error
      : new RecordFault('invalid', `the value cannot be read: ${error}`);
  }
}

function decode({ key, value }: Pick<KafkaMessage, 'key' | 'value'>): OrderCreatedBody {
  if (value === null) throw new RecordFault('parse', 'the record has no value');
  if (key === null) throw new RecordFault('invalid', 'the record has no key');
  if (value.length > largestValueBytes)
    throw new RecordFault(
      'invalid',
      `the value has ${value.length} bytes; an order has ${largestValueBytes} at most`,
    );
  const body = parseJson(value);
  const version = z.object({ schema_version: z.unknown() }).safeParse(body).data?.schema_version;
  if (version !== knownMajor['order.created'])
    throw new RecordFault('schema', `schema_version ${JSON.stringify(version)} is unknown here`);
  const parsed = created.safeParse(body);
  if (!parsed.success) throw new RecordFault('invalid', z.prettifyError(parsed.error));
  if (parsed.data.order_id !== key.toString())
    throw new RecordFault('invalid', 'order_id is not the record’s key');
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
