import { defaultPayloadConverter, type Headers, type WorkflowInterceptors } from '@temporalio/workflow';

// As Temporal's OpenTelemetry interceptors call it.
const traceHeader = '_tracer-data';

/**
 * Hands a run's trace on to its activities. OpenTelemetry itself is loaded for the runs that are sampled only: the SDK
 * evaluates every module anew for each run, which is 4–5 ms of CPU.
 */
export function interceptors(): WorkflowInterceptors {
  let trace: Headers = {};
  let recorder: WorkflowInterceptors | undefined;
  let baggage: string | undefined;
  const outbound = () => recorder?.outbound?.[0];
  const handOn = <Input extends { headers: Headers }>(input: Input): Input => ({
    ...input,
    headers: { ...input.headers, ...trace },
  });
  // OpenTelemetry in a run hands on traces alone.
  const addBaggage = <Input extends { headers: Headers }>(input: Input): Input => {
    const header = input.headers[traceHeader];
    if (header === undefined || baggage === undefined) return input;
    const carrier = { ...readCarrier(header), baggage };
    return {
      ...input,
      headers: { ...input.headers, [traceHeader]: defaultPayloadConverter.toPayload(carrier) },
    };
  };
  return {
    inbound: [
      {
        execute: (input, next) => {
          const header = input.headers[traceHeader];
          if (header === undefined) return next(input);
          trace = { [traceHeader]: header };
          const carrier = readCarrier(header);
          baggage = carrier.baggage;
          if (isSampled(carrier)) recorder = openTelemetry();
          return recorder?.inbound?.[0]?.execute?.(input, next) ?? next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) =>
          outbound()?.scheduleActivity?.(input, (own) => next(addBaggage(own))) ?? next(handOn(input)),
        scheduleLocalActivity: (input, next) =>
          outbound()?.scheduleLocalActivity?.(input, (own) => next(addBaggage(own))) ?? next(handOn(input)),
      },
    ],
    internals: [
      { dispose: (input, next) => recorder?.internals?.[0]?.dispose?.(input, next) ?? next(input) },
    ],
  };
}

interface TraceCarrier {
  readonly traceparent?: string;
  readonly baggage?: string;
}

function readCarrier(header: Headers[string]): TraceCarrier {
  return defaultPayloadConverter.fromPayload<TraceCarrier>(header);
}

/** The last bit of a W3C traceparent's flags. */
function isSampled({ traceparent = '' }: TraceCarrier): boolean {
  return (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;
}

function openTelemetry(): WorkflowInterceptors {
  // An import would be evaluated in every run; the bundler leaves this one until it is called.
  const { interceptors } = require('@temporalio/interceptors-opentelemetry-v2/lib/workflow-interceptors');
  return interceptors();
}
