import { wantsPrometheus } from './observability.ts';
import { databaseUrl } from './parts/postgres.ts';
import { prometheusUrl } from './parts/prometheus.ts';
import { registryUrl } from './parts/registry.ts';
import { wantsRegistry } from './schemas.ts';
import { type Settings, systemEnvironment } from './settings.ts';

/** Parts whose address is given are used as they are; the stack starts nothing for them. */
export function given({
  env,
}: Settings): Record<
  'postgres' | 'kafka' | 'temporal' | 'registry' | 'redis' | 'prometheus' | 'payment',
  boolean
> {
  return {
    postgres: Boolean(env.DATABASE_URL || env.DB_HOST),
    kafka: Boolean(env.KAFKA_BROKERS),
    temporal: Boolean(env.TEMPORAL_ADDRESS),
    redis: Boolean(env.REDIS_ADDR),
    registry: Boolean(env.SCHEMA_REGISTRY_URL),
    prometheus: Boolean(env.PROMETHEUS_URL),
    payment: Boolean(env.PAYMENT_URL || env.PAYMENT_SERVICE_URL),
  };
}

/** Redis is asked by two of the deduplication stores alone; REDIS=1 starts it without them. */
export function needsRedis({ env }: Settings): boolean {
  return /^(redis|hybrid)$/.test(env.DEDUP_STORE ?? '') || /^(1|true)$/.test(env.REDIS ?? '');
}

// Names that mean something to the roles. The rest of a shell's environment would restart them for no reason.
const MEANT =
  /^(DB|KAFKA|TEMPORAL|OTEL|PAYMENT|WORKER|RETRY|CIRCUIT_BREAKER|RATE_LIMIT|REDIS|AUTH|JWT|FAULTS|SCHEMA_REGISTRY|SERVICE|RELAY|BRIDGE|WATCHDOG|IDEMPOTENCY|DLQ|OUTBOX|ORDERS|RECONCILE|NODE|SSL)_|^(DATABASE_URL|LOG_LEVEL|AUTO_MIGRATE|DEDUP_STORE|EVENT_FORMAT|BIND_ADDRESS|INSECURE_OK|HTTP_PORT|JAEGER_ENDPOINT|TZ)$/;

/** What a client, a test or an operator needs to find every part. */
export function addresses(settings: Settings): Record<string, string> {
  const isOwn = !given(settings).prometheus && wantsPrometheus(settings);
  return { ...roleAddresses(settings), ...(isOwn && { PROMETHEUS_URL: prometheusUrl(settings) }) };
}

/** Roles do not know who scrapes them: they go on when that changes. */
function roleAddresses(settings: Settings): Record<string, string> {
  const { ports } = settings;
  const outside = given(settings);
  return {
    API_PORT: String(ports.API_PORT),
    API_URL: `http://127.0.0.1:${ports.API_PORT}`,
    ...(!outside.payment && {
      PAYMENT_PORT: String(ports.PAYMENT_PORT),
      PAYMENT_URL: `http://127.0.0.1:${ports.PAYMENT_PORT}`,
    }),
    ...(!outside.postgres && { DATABASE_URL: databaseUrl(settings) }),
    ...(!outside.kafka && { KAFKA_BROKERS: `127.0.0.1:${ports.KAFKA_PORT}` }),
    ...(!outside.redis && needsRedis(settings) && { REDIS_ADDR: `127.0.0.1:${ports.REDIS_PORT}` }),
    ...(!outside.temporal && {
      TEMPORAL_ADDRESS: `127.0.0.1:${ports.TEMPORAL_PORT}`,
      TEMPORAL_UI_URL: `http://localhost:${ports.TEMPORAL_UI_PORT}`,
    }),
    ...(!outside.registry && wantsRegistry(settings) && { SCHEMA_REGISTRY_URL: registryUrl(settings) }),
  };
}

export function roleEnvironment(settings: Settings): Record<string, string> {
  const meant = Object.entries(settings.env).flatMap(([name, value]) =>
    value && MEANT.test(name) ? [[name, value]] : [],
  );
  // On another address roles refuse to start with faults, unless somebody insists.
  const isOwn = (settings.env.BIND_ADDRESS || '127.0.0.1') === '127.0.0.1';
  return {
    ...systemEnvironment(settings.env),
    ...(isOwn && { FAULTS_ENABLED: 'true' }),
    ...Object.fromEntries(meant),
    ...roleAddresses(settings),
  };
}
