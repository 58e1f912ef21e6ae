import { InterceptingCall, type Interceptor, status as statuses } from '@grpc/grpc-js';
import { counter, histogram } from './metrics.ts';

// Under the names and labels that the SDK's core has for the calls of its own clients.
const labels = ['operation', 'namespace'] as const;
const calls = counter(
  'temporal_request_total',
  'Calls to Temporal’s server, each try, by RPC method',
  labels,
);
const failures = counter(
  'temporal_request_failure_total',
  'Calls to Temporal’s server that failed, each try',
  [...labels, 'status_code'],
);
const seconds = histogram(
  'temporal_request_latency_seconds',
  'Time until Temporal’s server answered',
  labels,
);

/** Counts and times what a client in plain JavaScript asks; below the one that repeats calls it sees every try. */
export function measureCalls(namespace: string): Interceptor {
  return (options, nextCall) => {
    // The path is /package.Service/Method.
    const operation = options.method_definition.path.split('/').at(-1) ?? '';
    const started = performance.now();
    calls.inc({ operation, namespace });
    return new InterceptingCall(nextCall(options), {
      start: (metadata, _listener, next) =>
        next(metadata, {
          onReceiveStatus: (status, pass) => {
            seconds.observe({ operation, namespace }, (performance.now() - started) / 1_000);
            if (status.code !== statuses.OK)
              failures.inc({ operation, namespace, status_code: statuses[status.code] });
            pass(status);
          },
        }),
    });
  };
}
