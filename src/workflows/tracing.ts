import { defaultPayloadConverter, type Headers, type WorkflowInterceptors } from '@temporalio/workflow';
import type { Recorder, TraceCarrier } from './recorder.ts';

// As Temporal's OpenTelemetry interceptors call it.
const traceHeader = '_tracer-data';

/**
 * Hands a run's trace on to its activities. OpenTelemetry itself is loaded for the runs that are sampled only: the SDK
 * evaluates every module anew for each run, which is 4–5 ms of CPU.
 */
export function interceptors(): WorkflowInterceptors {
  let given: TraceCarrier | undefined;
  let recorder: Recorder | undefined;
  const handOn = <Input extends { headers: Headers; activityType: string }>(input: Input): Input => {
    if (given === undefined) return input;
    const carrier = { ...given, ...recorder?.activity(input.activityType) };
    const header = defaultPayloadConverter.toPayload(carrier);
    return { ...input, headers: { ...input.headers, [traceHeader]: header } };
  };
  return {
    inbound: [
      {
        execute: (input, next) => {
          const header = input.headers[traceHeader];
          if (header === undefined) return next(input);
          given = defaultPayloadConverter.fromPayload<TraceCarrier>(header);
          if (!isSampled(given)) return next(input);
          recorder = startRecorder(given);
          return recorder.run(() => next(input));
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(handOn(input)),
        scheduleLocalActivity: (input, next) => next(handOn(input)),
      },
    ],
    internals: [{ dispose: (input, next) => recorder?.dispose(input, next) ?? next(input) }],
  };
}

/** The last bit of a W3C traceparent's flags. */
function isSampled({ traceparent = '' }: TraceCarrier): boolean {
  return (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;
}

function startRecorder(carrier: TraceCarrier): Recorder {
  // An import would be evaluated in every run; the bundler leaves this one until it is called.
  const { createRecorder } = require('./recorder.ts');
  return createRecorder(carrier);
}
