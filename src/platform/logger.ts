import { trace } from '@opentelemetry/api';
import bunyan from 'bunyan';
import { activeCorrelation } from './correlation.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Structured log: the message is constant text, data goes into fields. Lines carry the active trace and span id, and the client's own id where it is known. */
export interface Logger {
  debug(fields: Fields, message: string): void;
  info(fields: Fields, message: string): void;
  warn(fields: Fields, message: string): void;
  error(fields: Fields, message: string): void;
}

export function createLogger({ service, level }: { service: string; level: bunyan.LogLevelString }): Logger {
  const log = bunyan.createLogger({ name: service, level, serializers: { err: bunyan.stdSerializers.err } });
  const write =
    (severity: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: Fields, message: string): void => {
      if (log[severity]()) log[severity]({ ...activeSpan(), ...fields }, message);
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function activeSpan(): Fields {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined) return {};
  const correlationId = activeCorrelation();
  const ids = { trace_id: span.traceId, span_id: span.spanId };
  return correlationId === undefined ? ids : { ...ids, correlation_id: correlationId };
}
