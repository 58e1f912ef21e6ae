import {
  type Context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
// Its clock, ids that are the same in a replay, and the way out of the sandbox.
import { interceptors } from '@temporalio/interceptors-opentelemetry-v2/lib/workflow-interceptors.js';
import { type DisposeInput, workflowInfo } from '@temporalio/workflow';

/** What a trace travels in: W3C's headers. */
export interface TraceCarrier {
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly baggage?: string;
}

export interface Recorder {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** The context that an activity runs in. */
  activity(type: string): TraceCarrier;
  dispose(input: DisposeInput, next: (input: DisposeInput) => void): void;
}

/**
 * The spans of a sampled run. Temporal's own interceptors would keep one open for as long as the run takes, or an activity
 * with all its attempts, and what is within would have no parent until then, which may be days. Here they mark beginnings
 * and are over at once; a run's end is another one that points back.
 */
export function createRecorder(carrier: TraceCarrier): Recorder {
  const { internals: [library] = [] } = interceptors();
  const tracer = trace.getTracer('tbd');
  const { workflowType } = workflowInfo();
  const parent = propagation.extract(ROOT_CONTEXT, carrier);
  const mark = (name: string, within: Context): Context => {
    const span = tracer.startSpan(name, {}, within);
    span.end();
    return trace.setSpan(within, span);
  };
  const run = mark(`RunWorkflow:${workflowType}`, parent);

  function ended(error?: unknown): void {
    const span = tracer.startSpan(`EndWorkflow:${workflowType}`, { links: linksTo(run) }, parent);
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    span.end();
  }

  return {
    async run(work) {
      try {
        const result = await work();
        ended();
        return result;
      } catch (error) {
        ended(error);
        throw error;
      }
    },
    activity(type) {
      const handedOn: Record<string, string> = {};
      propagation.inject(mark(`StartActivity:${type}`, run), handedOn);
      return handedOn;
    },
    dispose: (input, next) => library?.dispose?.(input, next) ?? next(input),
  };
}

/** Ids alone: a trace state is an object that cannot leave the sandbox (temporalio/sdk-typescript#1738). */
function linksTo(context: Context): Link[] {
  const span = trace.getSpanContext(context);
  if (span === undefined) return [];
  const { traceId, spanId, traceFlags } = span;
  return [{ context: { traceId, spanId, traceFlags } }];
}
