import type { tracing } from '@opentelemetry/sdk-node';
import { redact } from './redaction.ts';

// The text that a failure has, or a client's choice.
const foreign = ['exception.message', 'exception.stacktrace', 'user_agent.original'];

/** As `exporter`; of what the instrumentations and Temporal's plugin keep of failures nothing is secret or personal any more. */
export function redactedExporter(exporter: tracing.SpanExporter): tracing.SpanExporter {
  return {
    export: (spans, done) => {
      for (const span of spans) redactSpan(span);
      exporter.export(spans, done);
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

/** In place: nobody else sees it after its end. */
function redactSpan({ status, attributes, events }: tracing.ReadableSpan): void {
  if (status.message !== undefined) status.message = redact(status.message);
  for (const texts of [attributes, ...events.map((event) => event.attributes ?? {})]) {
    for (const name of foreign) {
      const text = texts[name];
      if (typeof text === 'string') texts[name] = redact(text);
    }
  }
}
