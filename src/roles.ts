import { startWorker } from './activities/worker.ts';
import { startApi } from './api/server.ts';
import { startOrderBridge } from './consumers/order-bridge.ts';
import { startRelay } from './consumers/outbox-relay.ts';
import { createDependencies, type Dependencies } from './dependencies.ts';
import type { Role } from './main.ts';
import { createPaymentClient } from './payment/client.ts';
import { startPayment } from './payment/server.ts';
import type { Config } from './platform/config.ts';
import { serveOperations } from './platform/http/operations.ts';
import { live } from './platform/lifecycle.ts';
import { createLogger } from './platform/logger.ts';
import { collectProcessMetrics } from './platform/metrics.ts';

interface RoleContext extends Dependencies {
  /** All roles of this process. */
  readonly chosen: readonly Role[];
  readonly fatal: (error: unknown) => void;
}

interface RoleEntry {
  /** Without these the role cannot do its work, and its process is not ready. */
  readonly needs: readonly (keyof Dependencies['checks'])[];
  readonly start: (context: RoleContext) => Promise<AsyncDisposable>;
}

const drainMs = 30_000;

/** Runs `chosen`, given in the order of their start, until a signal or a fatal fault. */
export async function runRoles(chosen: readonly Role[], config: Config): Promise<void> {
  const serviceName = config.OTEL_SERVICE_NAME ?? `tbd-${chosen.join('-')}`;
  const log = createLogger({ service: serviceName, level: config.LOG_LEVEL });
  collectProcessMetrics();
  await live(
    async ({ resources, fatal }) => {
      const deps = resources.use(createDependencies({ config, log, serviceName }));
      const needs = new Set(chosen.flatMap((role) => roles[role].needs));
      let state: 'starting' | 'started' | 'draining' = 'starting';
      const running = async (): Promise<void> => {
        if (state !== 'started') throw new Error(state);
      };
      const required = {
        roles: running,
        ...Object.fromEntries([...needs].map((name) => [name, deps.checks[name]])),
      };
      const address = { host: config.BIND_ADDRESS, port: config.METRICS_PORT };
      resources.use(await serveOperations({ required, moreMetrics: deps.temporalMetrics }, address));
      for (const role of chosen) resources.use(await roles[role].start({ ...deps, chosen, fatal }));
      state = 'started';
      resources.defer(() => {
        state = 'draining';
      });
      log.info({ roles: chosen, metrics_port: config.METRICS_PORT }, 'ready');
    },
    { log, graceMs: drainMs },
  );
}

const roles: Readonly<Record<Role, RoleEntry>> = {
  payment: { needs: [], start: ({ config, log }) => startPayment({ config, log }) },

  worker: {
    needs: ['postgres', 'temporal'],
    start: async ({ config, log, fatal, plugin, pool, signal, temporal }) =>
      startWorker({
        ...temporalSettings({ config }),
        connection: await temporal(),
        plugin,
        pool: await pool(),
        signal: await signal(),
        payment: createPaymentClient({ url: config.PAYMENT_URL }),
        paymentGiveUpAfterMs: config.PAYMENT_GIVE_UP_AFTER,
        concurrency: config.WORKER_CONCURRENCY,
        log,
        fatal,
      }),
  },

  bridge: {
    needs: ['kafka', 'temporal'],
    start: async ({ config, log, fatal, plugin, kafka, topics, temporal, chosen }) =>
      startOrderBridge({
        ...temporalSettings({ config }),
        connection: await temporal(),
        plugin,
        kafka,
        group: config.KAFKA_CONSUMER_GROUP,
        topic: topics['order.created'],
        deadLetterTopic: config.KAFKA_TOPIC_ORDER_DLQ,
        concurrency: config.BRIDGE_CONCURRENCY,
        maxBacklog: config.BRIDGE_MAX_BACKLOG,
        eager: chosen.includes('worker'),
        log,
        fatal,
      }),
  },

  relay: {
    needs: ['postgres', 'kafka'],
    start: async ({ config, log, kafka, topics, pool }) =>
      startRelay({ pool: await pool(), databaseUrl: config.databaseUrl, kafka, topics, log }),
  },

  api: {
    needs: ['postgres'],
    start: async ({ config, log, pool, signal, checks: { postgres, kafka, temporal } }) =>
      startApi({
        host: config.BIND_ADDRESS,
        port: config.API_PORT,
        pool: await pool(),
        signal: await signal(),
        idempotencyTtlMs: config.IDEMPOTENCY_TTL,
        operations: { required: { postgres }, optional: { kafka, temporal } },
        log,
      }),
  },
};

function temporalSettings({ config }: Pick<Dependencies, 'config'>) {
  return { namespace: config.TEMPORAL_NAMESPACE, taskQueue: config.TEMPORAL_TASK_QUEUE };
}
