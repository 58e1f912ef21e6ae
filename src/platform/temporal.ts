import { createServer } from 'node:net';
import type { LogLevel, LogMetadata } from '@temporalio/common';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { foreignFields } from './foreign-line.ts';
import type { Logger } from './logger.ts';
import { withTotals } from './metric-families.ts';
import { secondsBuckets, serveToo } from './metrics.ts';
import type { Telemetry } from './telemetry.ts';

/** For clients, workers, bundles and replays alike: histories carry its headers. */
export function temporalPlugin({ resource, spanProcessor }: Telemetry): OpenTelemetryPlugin {
  return new OpenTelemetryPlugin({ resource, spanProcessor });
}

interface TemporalRuntime {
  /** One connection per process: a worker and a client on the same one can hand tasks over without the server. */
  connect(config: ClientConnectConfig): Promise<NativeConnection>;
}

// `contains` decides, in no order: these match one family each or some that have the same scale, and no other.
const histogramBuckets = {
  schedule_to_start_latency: secondsBuckets,
  execution_latency: secondsBuckets,
  replay_latency: secondsBuckets,
  succeed_endtoend_latency: secondsBuckets,
  request_latency: secondsBuckets,
  workflow_endtoend_latency: [...secondsBuckets, 300, 1_800, 3_600, 86_400],
};
const answerTimeoutMs = 2_000;

/** Once per process, before any connection or worker; what the SDK's core measures is served with /metrics from then on. */
export async function installTemporal(log: Logger): Promise<TemporalRuntime> {
  const port = await freePort();
  Runtime.install({
    logger: adapt(log),
    // The program owns its signals: platform/lifecycle.ts drains.
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
      metrics: {
        prometheus: {
          bindAddress: `127.0.0.1:${port}`,
          // Without these the names differ from those in Temporal's own alert documents.
          unitSuffix: true,
          useSecondsForDurations: true,
          histogramBucketOverrides: histogramBuckets,
        },
      },
    },
  });
  const core = `http://127.0.0.1:${port}/metrics`;
  serveToo(async () => {
    const answer = await fetch(core, { signal: AbortSignal.timeout(answerTimeoutMs) });
    // The core's own setting for this does nothing when it is scraped (1.23.0).
    return withTotals(await answer.text());
  });
  return { connect: ({ connectionOptions }) => NativeConnection.connect(connectionOptions) };
}

// The core cannot say which port it was given for 0, so one is picked for it.
async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function adapt(log: Logger) {
  const write = (level: LogLevel, message: string, meta: LogMetadata = {}): void => {
    // Of every poll and every task.
    if (level === 'TRACE') return;
    const { error, taskToken: _bytes, ...fields } = meta;
    const line = { ...foreignFields(fields), ...(error !== undefined && { err: error }), detail: message };
    // A failed attempt is retried by Temporal: what its SDK calls an error is a warning here.
    if (level === 'ERROR' || level === 'WARN') log.warn(line, 'Temporal SDK says');
    else log.debug(line, 'Temporal SDK says');
  };
  return {
    log: write,
    trace: (message: string, meta?: LogMetadata) => write('TRACE', message, meta),
    debug: (message: string, meta?: LogMetadata) => write('DEBUG', message, meta),
    info: (message: string, meta?: LogMetadata) => write('INFO', message, meta),
    warn: (message: string, meta?: LogMetadata) => write('WARN', message, meta),
    error: (message: string, meta?: LogMetadata) => write('ERROR', message, meta),
  };
}
