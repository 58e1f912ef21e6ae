import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { node, resources, tracing } from '@opentelemetry/sdk-node';

export interface Telemetry extends AsyncDisposable {
  readonly resource: resources.Resource;
  readonly spanProcessor: tracing.SpanProcessor;
}

/**
 * Trace context is made and handed on in every case, so that rows, records and histories always carry it;
 * spans are recorded and exported only where an OTLP endpoint is given (host:port without a scheme is plaintext).
 */
export function startTelemetry({
  endpoint,
  serviceName,
}: {
  endpoint: string | undefined;
  serviceName: string;
}): Telemetry {
  const resource = resources.resourceFromAttributes({ 'service.name': serviceName });
  const spanProcessor = endpoint === undefined ? new tracing.NoopSpanProcessor() : exporting(endpoint);
  const provider = new node.NodeTracerProvider({
    resource,
    spanProcessors: [spanProcessor],
    ...(endpoint === undefined ? { sampler: new tracing.AlwaysOffSampler() } : {}),
  });
  provider.register();
  return {
    resource,
    spanProcessor,
    // Spans that no collector takes are lost as they are at any other time: a drain does not fail for them.
    [Symbol.asyncDispose]: () => provider.shutdown().catch(() => {}),
  };
}

function exporting(endpoint: string): tracing.SpanProcessor {
  const url = endpoint.includes('://') ? endpoint : `http://${endpoint}`;
  return new tracing.BatchSpanProcessor(new OTLPTraceExporter({ url }));
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
  return injectTrace().traceparent ?? null;
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

/** Runs `work` inside a span that ends with it and keeps its failure. */
export function inSpan<T>(options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const { name, kind = SpanKind.INTERNAL, parent = context.active(), attributes = {} } = options;
  return trace.getTracer('tbd').startActiveSpan(name, { kind, attributes }, parent, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.recordException(error instanceof Error ? error : String(error));
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The same for a step within a request or an attempt; where nothing is recorded it costs nothing. */
export function inStep<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return trace.getActiveSpan()?.isRecording() ? inSpan({ name, attributes }, work) : work();
}

/** Marks a moment in the active span. */
export function noteInSpan(event: string): void {
  trace.getActiveSpan()?.addEvent(event);
}
