import { consumerGroups } from './consumers/groups.ts';
import { retrySettings } from './consumers/retry-settings.ts';
import type { Dependencies } from './dependencies.ts';
import type { Role } from './main.ts';
import type { Config } from './platform/config.ts';
import type { Check } from './platform/http/operations.ts';

interface RoleContext extends Dependencies {
  /** The roles of this process that were started before. */
  readonly running: readonly RunningRole[];
  readonly fatal: (error: unknown) => void;
}

interface RoleEntry {
  /** Without these the role cannot do its work, and its process is not ready. */
  readonly needs: readonly (keyof Dependencies['checks'])[];
  readonly start: (context: RoleContext) => Promise<RunningRole>;
}

export interface RunningRole extends AsyncDisposable {
  /** Rejects when the role does nothing although its process lives: not ready. */
  readonly check?: Check;
  /** Rejects when the role runs in vain until somebody acts: ready, but degraded. */
  readonly checkVersion?: Check;
  /** What a worker carries out at this moment. */
  readonly underWay?: () => number;
}

// Each is loaded when it is started: a process pays only for what it runs.
export const roles: Readonly<Record<Role, RoleEntry>> = {
  payment: {
    needs: [],
    start: async ({ config, log }) => {
      const { startPayment } = await import('./payment/server.ts');
      return startPayment({ config, log });
    },
  },

  worker: {
    needs: ['postgres', 'temporal'],
    start: async ({ config, log, fatal, pool, signal, temporal }) => {
      const [{ startWorker }, { createPaymentClient }, { startSharedBreaker }] = await Promise.all([
        import('./activities/worker.ts'),
        import('./payment/client.ts'),
        import('./activities/shared-breaker.ts'),
      ]);
      await using starting = new AsyncDisposableStack();
      const { breaker } = starting.use(
        startSharedBreaker({
          name: 'payment',
          limits: breakerLimits(config),
          pool: await pool(),
          databaseUrl: config.databaseUrl,
          log,
        }),
      );
      const worker = starting.use(
        await startWorker({
          ...(await temporal()),
          pool: await pool(),
          signal: await signal(),
          payment: createPaymentClient({ ...paymentCalls(config), breaker }),
          paymentGiveUpAfterMs: config.PAYMENT_GIVE_UP_AFTER,
          concurrency: config.WORKER_CONCURRENCY,
          log,
          fatal,
        }),
      );
      const running = starting.move();
      return {
        checkVersion: worker.checkVersion,
        underWay: worker.underWay,
        [Symbol.asyncDispose]: () => running.disposeAsync(),
      };
    },
  },

  bridge: {
    needs: ['postgres', 'kafka', 'temporal'],
    start: async ({ config, log, pool, kafka, topics, temporal, schemas, running }) => {
      const { startBridges } = await import('./consumers/bridges.ts');
      return startBridges({
        ...(await temporal()),
        config,
        pool: await pool(),
        kafka,
        topics,
        concurrency: config.BRIDGE_CONCURRENCY,
        maxBacklog: config.BRIDGE_MAX_BACKLOG,
        readValue: (await schemas())?.readValue,
        worker: running.find(({ underWay }) => underWay !== undefined),
        mostUnderWay: 2 * config.WORKER_CONCURRENCY,
        log,
      });
    },
  },

  notifier: {
    needs: ['postgres', 'kafka'],
    start: async ({ config, log, kafka, topics, pool, schemas }) => {
      const { startNotifier } = await import('./notifier/notifier.ts');
      return startNotifier({
        kafka,
        group: consumerGroups(config).notifier.group,
        topic: topics['order.processed'],
        deadLetterTopic: config.KAFKA_TOPIC_ORDER_DLQ,
        store: config.DEDUP_STORE,
        pool: await pool(),
        redis: {
          address: config.REDIS_ADDR,
          password: config.REDIS_PASSWORD,
          database: config.REDIS_DB,
        },
        marksTopic: config.KAFKA_TOPIC_ORDER_IDEMPOTENCY,
        readValue: (await schemas())?.readValue,
        retry: retrySettings(config, await pool()),
        log,
      });
    },
  },

  relay: {
    needs: ['postgres', 'kafka'],
    start: async ({ config, log, kafka, topics, pool, schemas }) => {
      const { startRelay } = await import('./consumers/outbox-relay.ts');
      const encodings = (await schemas())?.encodings;
      return startRelay({
        pool: await pool(),
        databaseUrl: config.databaseUrl,
        kafka,
        topics,
        encodings,
        log,
      });
    },
  },

  keeper: {
    needs: ['postgres'],
    start: async ({ config, log, pool, kafka, topics, askTemporal }) => {
      const { startKeeper } = await import('./keeper/keeper.ts');
      const groups = consumerGroups(config);
      return startKeeper({
        pool: await pool(),
        temporal: askTemporal(),
        taskQueue: config.TEMPORAL_TASK_QUEUE,
        kafka,
        topics,
        paymentUrl: config.PAYMENT_URL,
        watchdogEveryMs: config.WATCHDOG_EVERY,
        stuckMs: config.WATCHDOG_PATIENCE,
        reconcileEveryMs: config.RECONCILE_EVERY,
        groups: Object.values(groups),
        deadLetters: {
          ...groups.deadLetters,
          retryTopic: config.KAFKA_TOPIC_ORDER_RETRY,
          replaysPerSecond: config.DLQ_REPLAYS_PER_SECOND,
        },
        log,
      });
    },
  },

  api: {
    needs: ['postgres'],
    start: async ({ config, log, pool, signal, askTemporal, checks: { postgres, kafka, temporal } }) => {
      const [{ startApi }, { createAuthenticator }, { createRuns }] = await Promise.all([
        import('./api/server.ts'),
        import('./api/authenticator.ts'),
        import('./runs/runs.ts'),
      ]);
      return startApi({
        ...createRuns({ temporal: askTemporal(), taskQueue: config.TEMPORAL_TASK_QUEUE, log }),
        host: config.BIND_ADDRESS,
        port: config.API_PORT,
        pool: await pool(),
        signal: await signal(),
        idempotencyTtlMs: config.IDEMPOTENCY_TTL,
        replays: { consumerGroup: config.KAFKA_CONSUMER_GROUP, most: config.DLQ_MAX_REPLAYS },
        admissionLimits: {
          unsentEvents: config.OUTBOX_MAX_BACKLOG,
          oldestEventMs: config.OUTBOX_MAX_AGE,
          openOrders: config.ORDERS_MAX_OPEN,
        },
        authenticator: config.auth && createAuthenticator(config.auth, { log }),
        rateLimit: { perSecond: config.RATE_LIMIT_PER_SECOND, burst: config.RATE_LIMIT_BURST },
        operations: { required: { postgres }, optional: { kafka, temporal } },
        log,
      });
    },
  },
};

function paymentCalls(config: Config) {
  return {
    url: config.PAYMENT_URL,
    concurrency: config.WORKER_CONCURRENCY,
    budgetMs: config.PAYMENT_BUDGET,
    retry: {
      maxAttempts: config.RETRY_MAX_ATTEMPTS,
      initialMs: config.PAYMENT_RETRY_INITIAL_INTERVAL,
      maxMs: config.PAYMENT_RETRY_MAX_INTERVAL,
    },
  };
}

function breakerLimits(config: Config) {
  return {
    failures: config.CIRCUIT_BREAKER_FAILURES,
    failurePct: config.CIRCUIT_BREAKER_FAILURE_PCT,
    minCalls: config.CIRCUIT_BREAKER_MIN_CALLS,
    windowMs: config.CIRCUIT_BREAKER_INTERVAL,
    openMs: config.CIRCUIT_BREAKER_TIMEOUT,
    probes: config.CIRCUIT_BREAKER_MAX_REQUESTS,
  };
}
