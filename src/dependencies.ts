import type { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import type { NativeConnection } from '@temporalio/worker';
import type { Schemas } from './consumers/formats/schemas.ts';
import { type EventType, topicsOf } from './consumers/topics.ts';
import type { Config } from './platform/config.ts';
import type { Check } from './platform/http/operations.ts';
import { createKafka, type KafkaClient } from './platform/kafka.ts';
import type { Logger } from './platform/logger.ts';
import { tcpCheck } from './platform/tcp-check.ts';
import type { Telemetry } from './platform/telemetry.ts';
import { createTemporalClient, type TemporalClient } from './platform/temporal-client.ts';
import { assertMigrated, migrateUp } from './store/migrate.ts';
import { migrationsDirectory } from './store/migration-files.ts';
import { createOutboxSignal, type OutboxSignal } from './store/outbox-signal.ts';
import { createPool, type Pool, ping } from './store/pool.ts';

interface TemporalAccess {
  readonly namespace: string;
  readonly taskQueue: string;
  readonly connection: NativeConnection;
  readonly plugin: OpenTelemetryPlugin;
}

/** What roles are made of; the expensive ones are opened by the first role that asks, and shared by all of the process. */
export interface Dependencies extends AsyncDisposable {
  readonly config: Config;
  readonly log: Logger;
  readonly kafka: KafkaClient;
  readonly topics: Readonly<Record<EventType, string>>;
  readonly checks: Readonly<Record<'postgres' | 'kafka' | 'temporal', Check>>;
  pool(): Promise<Pool>;
  signal(): Promise<OutboxSignal>;
  temporal(): Promise<TemporalAccess>;
  /** For those who work without Temporal, and ask it now and then. */
  askTemporal(): TemporalClient;
  /** Undefined without a schema registry. */
  schemas(): Promise<Schemas | undefined>;
}

export function createDependencies({
  config,
  log,
  serviceName,
  telemetry,
}: {
  config: Config;
  log: Logger;
  serviceName: string;
  telemetry: Telemetry;
}): Dependencies {
  const resources = new AsyncDisposableStack();
  // The last to go: what ends before it has spans too.
  resources.use(telemetry);

  const pool = once(async () => {
    const migrator = { databaseUrl: config.databaseUrl, directory: migrationsDirectory };
    await (config.AUTO_MIGRATE ? migrateUp(migrator) : assertMigrated(migrator));
    return resources.use(
      await createPool({
        url: config.databaseUrl,
        maxConnections: config.DB_MAX_CONNS,
        maxIdleConnections: config.DB_MAX_IDLE_CONNS,
        maxConnectionAgeMs: config.DB_CONN_MAX_LIFETIME,
      }),
    );
  });
  const temporal = once(async () => {
    // Loaded by those who need it: it costs ½ s of CPU and 50 MB.
    const { installTemporal, temporalPlugin } = await import('./platform/temporal.ts');
    const runtime = await installTemporal(log);
    const connection = await runtime.connect(config.temporal);
    // A worker that outlived its limit still holds the connection; it ends with the process.
    resources.defer(() =>
      connection.close().catch((error: unknown) => log.debug({ err: error }, 'connection left open')),
    );
    const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_TASK_QUEUE: taskQueue } = config;
    return { namespace, taskQueue, connection, plugin: temporalPlugin(telemetry) };
  });

  let client: TemporalClient | undefined;
  const askTemporal = () => {
    client ??= resources.use(
      createTemporalClient({ temporal: config.temporal, namespace: config.TEMPORAL_NAMESPACE }),
    );
    return client;
  };

  return {
    config,
    log,
    kafka: createKafka({
      brokers: config.KAFKA_BROKERS,
      clientId: serviceName,
      sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT,
      log,
    }),
    topics: topicsOf(config),
    checks: {
      postgres: async () => ping(await pool()),
      kafka: () => Promise.any(config.KAFKA_BROKERS.map(tcpCheck)),
      temporal: () => tcpCheck(config.TEMPORAL_ADDRESS),
    },
    pool,
    signal: once(async () => createOutboxSignal(await pool())),
    temporal,
    askTemporal,
    schemas: once(async () => {
      const { SCHEMA_REGISTRY_URL: address, EVENT_FORMAT: format } = config;
      if (address === undefined) return undefined;
      const { openSchemas } = await import('./consumers/formats/schemas.ts');
      return openSchemas({ address, format, pool, log });
    }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open();
    return opened;
  };
}
