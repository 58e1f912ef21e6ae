import { createServer } from 'node:net';
import type { LogLevel, LogMetadata } from '@temporalio/common';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { NativeConnection, Runtime } from '@temporalio/worker';
import type { Logger } from './logger.ts';
import type { Telemetry } from './telemetry.ts';

/** For clients, workers, bundles and replays alike: histories carry its headers. */
export function temporalPlugin({ resource, spanProcessor }: Telemetry): OpenTelemetryPlugin {
  return new OpenTelemetryPlugin({ resource, spanProcessor });
}

export interface TemporalRuntime {
  /** One connection per process: a worker and a client on the same one can hand tasks over without the server. */
  connect(config: ClientConnectConfig): Promise<NativeConnection>;
  /** The figures of the SDK's core, in Prometheus' text format. */
  metrics(): Promise<string>;
}

/** Once per process, before any connection or worker. */
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
          // Without these three the names differ from those in Temporal's own alert documents.
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
        },
      },
    },
  });
  return {
    connect: ({ connectionOptions }) => NativeConnection.connect(connectionOptions),
    metrics: async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
  };
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
    const { error, ...fields } = meta;
    const line = error === undefined ? fields : { ...fields, err: error };
    // A failed attempt is retried by Temporal: what its SDK calls an error is a warning here.
    if (level === 'ERROR' || level === 'WARN') log.warn(line, message);
    else log.debug(line, message);
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
