import { type Span, SpanKind } from '@opentelemetry/api';
import { extractTrace, isSampled, keepFailure, startSpan, traceparentOf } from '../platform/telemetry.ts';
import type { OutboxRow } from '../store/outbox.ts';
import type { toRecord } from './envelope.ts';

type Sent = ReturnType<typeof toRecord>;

interface Publishing {
  /** The record with the context of its own span, so that who reads it comes after the sending; as it is where none was made. */
  carriedBy(row: OutboxRow, record: Sent): Sent;
  end(error?: unknown): void;
}

/** A span for each row of a send that is part of a sampled trace, however long it has waited; the others cost nothing. */
export function startPublishing(topic: string, of: readonly { readonly row: OutboxRow }[]): Publishing {
  const spans = new Map<OutboxRow, Span>();
  for (const { row } of of) {
    const span = startPublish(topic, row);
    if (span?.isRecording()) spans.set(row, span);
  }
  return {
    carriedBy: (row, record) => {
      const span = spans.get(row);
      if (span === undefined) return record;
      return { ...record, headers: { ...record.headers, traceparent: traceparentOf(span.spanContext()) } };
    },
    end: (error) => {
      for (const span of spans.values()) {
        if (error !== undefined) keepFailure(span, error);
        span.end();
      }
    },
  };
}

function startPublish(topic: string, { traceparent, type, key, event_id }: OutboxRow): Span | undefined {
  if (traceparent === null || !isSampled(traceparent)) return undefined;
  const [subject] = type.split('.');
  return startSpan({
    name: `publish ${topic}`,
    kind: SpanKind.PRODUCER,
    parent: extractTrace({ traceparent }),
    attributes: {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'publish',
      'messaging.operation.type': 'send',
      'messaging.destination.name': topic,
      'messaging.message.id': event_id,
      'messaging.kafka.message.key': key,
      [`${subject}.id`]: key,
    },
  });
}
