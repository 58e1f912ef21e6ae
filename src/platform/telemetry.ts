import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  NodeTracerProvider,
  NoopSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import type { Logger } from './logger.ts';
import { redact } from './redaction.ts';

export interface Telemetry extends AsyncDisposable {
  readonly resource: Resource;
  readonly spanProcessor: SpanProcessor;
  /** Where spans are exported: says in the log that they could not be. */
  readonly reportTo?: (log: Logger) => void;
}

/**
 * Trace context is made and handed on in every case, so that rows, records and histories always carry it; this is all
 * that is loaded where no spans are recorded. tracing.ts records and exports them.
 */
export function startTelemetry({ serviceName }: { serviceName: string }): Telemetry {
  const resource = resourceFromAttributes({ 'service.name': serviceName });
  const spanProcessor = new NoopSpanProcessor();
  const provider = new NodeTracerProvider({ resource, sampler: new AlwaysOffSampler() });
  provider.register();
  return { resource, spanProcessor, [Symbol.asyncDispose]: () => provider.shutdown() };
}

export type Carrier = Record<string, string>;

/** The active trace context as W3C headers, to travel in a row, a record or a request. */
export function injectTrace(): Carrier {
  const carrier: Carrier = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** The active trace context as one W3C header's value; null outside any trace. */
export function activeTraceparent(): string | null {
  const span = trace.getActiveSpan()?.spanContext();
  return span !== undefined && isSpanContextValid(span) ? traceparentOf(span) : null;
}

export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** The last bit of its flags. */
export function isSampled(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;
}

/** Starts from the root, never from what happens to be active: a batch must not lend one record's trace to the next. */
export function extractTrace(carrier: Carrier): Context {
  return carrier.traceparent ? propagation.extract(ROOT_CONTEXT, carrier) : ROOT_CONTEXT;
}

export interface SpanOptions {
  readonly name: string;
  readonly kind?: SpanKind;
  readonly parent?: Context;
  /** undefined leaves one out. */
  readonly attributes?: Attributes;
}

/** A span whose end is the caller's business. */
export function startSpan({
  name,
  kind = SpanKind.INTERNAL,
  parent = context.active(),
  attributes = {},
}: SpanOptions): Span {
  return trace.getTracer('tbd').startSpan(name, { kind, attributes }, parent);
}

/** Runs `work` inside a span that ends with it and keeps its failure. */
export function inSpan<T>(options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const { parent = context.active() } = options;
  const span = startSpan(options);
  return context.with(trace.setSpan(parent, span), async () => {
    try {
      return await work(span);
    } catch (error) {
      keepFailure(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** As the log has it: what others say may hold what is personal. */
export function keepFailure(span: Span, error: unknown): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.recordException({ name, message: redact(message), stack: redact(stack ?? '') });
}

/** The same for a step within a request or an attempt; where nothing is recorded it costs nothing. */
export function inStep<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return trace.getActiveSpan()?.isRecording() ? inSpan({ name, attributes }, work) : work();
}

/** Marks a moment in the active span. */
export function noteInSpan(event: string): void {
  trace.getActiveSpan()?.addEvent(event);
}

/** What the active span is about. */
export function describeSpan(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}

/** Work that is done for several at once, each with its context, belongs to the first of them that is recorded. */
export function onBehalfOf<T>(contexts: readonly Context[], work: () => T): T {
  const recorded = contexts.find((one) => trace.getSpan(one)?.isRecording());
  return context.with(recorded ?? contexts[0] ?? ROOT_CONTEXT, work);
}

/** For work that goes on when the one who caused it has ended. */
export function outsideTraces<T>(work: () => T): T {
  return context.with(ROOT_CONTEXT, work);
}
