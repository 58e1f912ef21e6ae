import { z } from 'zod';
import { parsePublicKey } from './public-key.ts';

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

const duration = z.string().transform((text, ctx) => {
  const match = /^(\d+)(ms|s|m|h)$/.exec(text);
  if (match === null) {
    ctx.addIssue({
      code: 'custom',
      message: `"${text}" is not a duration; write it like 250ms, 30s, 5m or 24h`,
    });
    return z.NEVER;
  }
  // The pattern admits no other unit.
  return Number(match[1]) * unitsMs[match[2] as keyof typeof unitsMs];
});

const durationBetween = (least: string, most: string, fallback: string) =>
  duration
    .refine((ms) => ms >= duration.parse(least) && ms <= duration.parse(most), {
      message: `must lie between ${least} and ${most}`,
    })
    .default(duration.parse(fallback));

const whole = (fallback: number, { min = 1, max = Number.MAX_SAFE_INTEGER } = {}) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(fallback);

const port = (fallback: number) => whole(fallback, { min: 1, max: 65_535 });

const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false'], 'must be true or false')
    .transform((text) => text === 'true')
    .default(fallback);

const hostAndPort = /^(?:[^\s:]+|\[[^\]\s]+\]):(\d{1,5})$/;
const isHostPort = (text: string): boolean => {
  const number = Number(hostAndPort.exec(text)?.[1]);
  return number > 0 && number < 65_536;
};

const address = (fallback: string) => z.string().refine(isHostPort, 'must be host:port').default(fallback);

const addresses = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every(isHostPort), 'must be host:port, or several with commas between');

// What Kafka takes for a topic's or group's name; a blank in it is a slip of the pen.
const name = (fallback: string) =>
  z
    .string()
    .regex(/^[\w.-]{1,249}$/, 'must be 1 to 249 letters, digits, dots, dashes or underscores')
    .default(fallback);

// A blank or a control character in what tokens are compared with is a slip of the pen; the length keeps an owner indexable.
const claim = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters');

const thisMachine = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;
const isKeySetAddress = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && thisMachine.test(hostname));
};

const publicKey = z.string().transform((text, ctx) => {
  try {
    return parsePublicKey(text);
  } catch (error) {
    ctx.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
    return z.NEVER;
  }
});

/** As OpenTelemetry's specification names them. */
const samplerNames = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof samplerNames)[number];

const share = (fallback: number) =>
  z
    .string()
    .regex(/^(0|1|0?\.\d+|[01]\.0+)$/, 'must be a number from 0 to 1')
    .transform(Number)
    .default(fallback);

/** Every setting by its variable's name; `.env.example` lists the same names with their meaning. */
export const settings = z.object({
  BIND_ADDRESS: z.string().default('127.0.0.1'),
  API_PORT: port(8080),
  PAYMENT_PORT: port(8081),
  METRICS_PORT: port(9464),
  INSECURE_OK: flag(false),
  AUTH_MODE: z.enum(['none', 'jwt'], 'must be none or jwt').default('none'),
  AUTH_ISSUER: claim.optional(),
  AUTH_AUDIENCE: claim.optional(),
  AUTH_JWKS_URL: z
    .string()
    .refine(isKeySetAddress, 'must be an https:// address, or http:// on this machine')
    .transform((text) => new URL(text))
    .optional(),
  AUTH_PUBLIC_KEY: publicKey.optional(),
  RATE_LIMIT_PER_SECOND: whole(100, { max: 1_000_000 }),
  RATE_LIMIT_BURST: whole(200, { max: 1_000_000 }),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// address' }).optional(),
  DB_HOST: z.string().default('127.0.0.1'),
  DB_PORT: port(5432),
  DB_USER: z.string().default('tbd'),
  DB_PASSWORD: z.string().default('secret'),
  DB_NAME: z.string().default('tbd'),
  DB_MAX_CONNS: whole(25),
  DB_MAX_IDLE_CONNS: whole(5, { min: 0 }),
  DB_CONN_MAX_LIFETIME: durationBetween('1s', '24h', '5m'),
  AUTO_MIGRATE: flag(true),
  IDEMPOTENCY_TTL: durationBetween('24h', '168h', '72h'),
  // Beyond any of these the api takes no new orders.
  OUTBOX_MAX_BACKLOG: whole(100_000),
  OUTBOX_MAX_AGE: durationBetween('1s', '24h', '10m'),
  ORDERS_MAX_OPEN: whole(100_000),
  KAFKA_BROKERS: addresses('127.0.0.1:9092'),
  KAFKA_TOPIC_ORDER_CREATED: name('order.created'),
  KAFKA_TOPIC_ORDER_PROCESSED: name('order.processed'),
  KAFKA_TOPIC_ORDER_FAILED: name('order.failed'),
  KAFKA_TOPIC_ORDER_CANCELED: name('order.canceled'),
  KAFKA_TOPIC_ORDER_RETRY: name('order.retry'),
  KAFKA_TOPIC_ORDER_DLQ: name('order.dlq'),
  KAFKA_TOPIC_ORDER_IDEMPOTENCY: name('order.idempotency'),
  KAFKA_TOPIC_TRANSACTION_CREATED: name('transaction.created'),
  KAFKA_TOPIC_TRANSACTION_PROCESSED: name('transaction.processed'),
  KAFKA_TOPIC_TRANSACTION_FAILED: name('transaction.failed'),
  KAFKA_TOPIC_TRANSACTIONS_DLQ: name('transactions.dlq'),
  // Of the bridge of orders; that of transactions adds `-transactions`, the notifier’s `-notifier`.
  KAFKA_CONSUMER_GROUP: name('tbd-workers'),
  // Longer than a round of starts (10 s) without a heartbeat; less than 6 s no broker takes as it comes.
  KAFKA_SESSION_TIMEOUT: durationBetween('6s', '5m', '15s'),
  // Attempts of a record and of a payment call.
  RETRY_MAX_ATTEMPTS: whole(3, { max: 10 }),
  RETRY_INITIAL_INTERVAL: durationBetween('1ms', '1h', '1s'),
  RETRY_MAX_INTERVAL: durationBetween('1ms', '1h', '30s'),
  // Where the notifier notes which events have had their effect.
  DEDUP_STORE: z
    .enum(
      ['postgres', 'redis', 'compacted-topic', 'hybrid'],
      'must be postgres, redis, compacted-topic or hybrid',
    )
    .default('postgres'),
  REDIS_ADDR: address('127.0.0.1:6379'),
  REDIS_PASSWORD: z.string().optional(),
  REDIS_DB: whole(0, { min: 0, max: 1_000_000 }),
  // What the relay writes; whoever reads understands all of them.
  EVENT_FORMAT: z.enum(['json', 'avro', 'protobuf'], 'must be json, avro or protobuf').default('json'),
  SCHEMA_REGISTRY_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
    .transform((text) => new URL(text))
    .optional(),
  TEMPORAL_ADDRESS: address('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_TASK_QUEUE: z.string().default('orders'),
  PAYMENT_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
    .default('http://127.0.0.1:8081'),
  PAYMENT_LEDGER_FILE: z.string().default('.tbd/data/payment/ledger.sqlite'),
  FAULTS_ENABLED: flag(false),
  // What the payment service starts with; PUT /v1/faults replaces them.
  PAYMENT_DELAY_MS: whole(0, { min: 0, max: 60_000 }),
  PAYMENT_ERROR_PCT: whole(0, { min: 0, max: 100 }),
  RATE_LIMIT_PCT: whole(0, { min: 0, max: 100 }),
  PAYMENT_FAULT_SEED: whole(1, { min: 0 }),
  PAYMENT_GIVE_UP_AFTER: durationBetween('1s', '720h', '24h'),
  // All tries of one attempt; the activity around it is given up after 5 s.
  PAYMENT_BUDGET: durationBetween('50ms', '4s', '500ms'),
  PAYMENT_RETRY_INITIAL_INTERVAL: durationBetween('1ms', '4s', '50ms'),
  PAYMENT_RETRY_MAX_INTERVAL: durationBetween('1ms', '4s', '200ms'),
  CIRCUIT_BREAKER_TIMEOUT: durationBetween('100ms', '1h', '30s'),
  CIRCUIT_BREAKER_FAILURES: whole(5),
  CIRCUIT_BREAKER_FAILURE_PCT: whole(60, { max: 100 }),
  CIRCUIT_BREAKER_MIN_CALLS: whole(10),
  CIRCUIT_BREAKER_INTERVAL: durationBetween('1s', '1h', '60s'),
  // Good probes that close it: one after another, never at once.
  CIRCUIT_BREAKER_MAX_REQUESTS: whole(1, { max: 100 }),
  // Payment calls at once in a worker process: the bulkhead in front of the payment service.
  WORKER_CONCURRENCY: whole(10, { max: 1_000 }),
  BRIDGE_CONCURRENCY: whole(8, { max: 1_000 }),
  BRIDGE_MAX_BACKLOG: whole(20),
  WATCHDOG_EVERY: durationBetween('1s', '10m', '10s'),
  // Longer than anything takes that goes well.
  WATCHDOG_PATIENCE: durationBetween('5s', '1h', '1m'),
  DLQ_REPLAYS_PER_SECOND: whole(50, { max: 1_000 }),
  DLQ_MAX_REPLAYS: whole(5, { max: 1_000 }),
  RECONCILE_EVERY: durationBetween('1m', '720h', '24h'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .string()
    .refine(
      (text) => URL.canParse(text.includes('://') ? text : `http://${text}`),
      'must be host:port or an address',
    )
    .refine((text) => /^https?:|^(?!.*:\/\/)/.test(text), 'must be an http:// or https:// address')
    // gRPC takes 443 without a word, whatever the scheme.
    .refine((text) => /^https:|:\d+(\/|$)/.test(text), 'must name its port, such as host:4317')
    .optional(),
  OTEL_SDK_DISABLED: flag(false),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_TRACES_SAMPLER: z
    .enum(samplerNames, `must be one of ${samplerNames.join(', ')}`)
    .default('parentbased_traceidratio'),
  // What recording all of them costs is in ADR 18.
  OTEL_TRACES_SAMPLER_ARG: share(0.1),
});

/** The names that other systems of this family use; the product's own name wins when both are set. */
export const aliases: Readonly<Record<string, keyof z.input<typeof settings>>> = {
  HTTP_PORT: 'API_PORT',
  SERVICE_NAME: 'OTEL_SERVICE_NAME',
  PAYMENT_SERVICE_URL: 'PAYMENT_URL',
  KAFKA_TOPIC_ORDERS: 'KAFKA_TOPIC_ORDER_CREATED',
  KAFKA_TOPIC_ORDERS_RETRY: 'KAFKA_TOPIC_ORDER_RETRY',
  KAFKA_TOPIC_ORDERS_DLQ: 'KAFKA_TOPIC_ORDER_DLQ',
  KAFKA_TOPIC_IDEMPOTENCY: 'KAFKA_TOPIC_ORDER_IDEMPOTENCY',
};
