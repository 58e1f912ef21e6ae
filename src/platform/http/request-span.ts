import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Context, context, type Span, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { getRPCMetadata, RPCType, suppressTracing } from '@opentelemetry/core';
import { withRequest } from '../correlation.ts';
import { extractTrace, inSpan } from '../telemetry.ts';

/**
 * Runs `work` in the span of a request: the one that the instrumentation of node:http has made, or one of our own where it
 * does not run. What is not traced still has a trace id, since its answer names one.
 */
export function inRequestSpan<T>(
  { method, headers }: IncomingMessage,
  { requestId, isTraced }: { readonly requestId: string; readonly isTraced: boolean },
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const made = trace.getActiveSpan();
  if (made !== undefined) return context.with(withRequest(context.active(), requestId), () => work(made));
  const { traceparent = '', tracestate = '' } = headers;
  const carrier = { traceparent: String(traceparent), tracestate: String(tracestate) };
  const parent = withRequest(extractTrace(carrier), requestId);
  if (isTraced) return inSpan({ name: `${method}`, kind: SpanKind.SERVER, parent }, work);
  const span = unrecorded(parent);
  return context.with(suppressTracing(trace.setSpan(parent, span)), () => work(span));
}

function unrecorded(parent: Context): Span {
  const { traceId = hex(16) } = trace.getSpanContext(parent) ?? {};
  return trace.wrapSpanContext({ traceId, spanId: hex(8), traceFlags: TraceFlags.NONE });
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** `route` is a pattern. */
export function nameRequestSpan(span: Span, method: string, route: string | undefined): void {
  if (route === undefined) return;
  span.updateName(`${method} ${route}`);
  // Where the instrumentation takes it from when the answer is out.
  const metadata = getRPCMetadata(context.active());
  if (metadata?.type === RPCType.HTTP) metadata.route = route;
}
