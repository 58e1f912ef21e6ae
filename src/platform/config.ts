import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import type { z } from 'zod';
import { type AuthSettings, readAuth } from './auth.ts';
import { aliases, settings } from './settings.ts';

type Environment = Record<string, string | undefined>;

export type Config = z.output<typeof settings> & {
  /** undefined with AUTH_MODE=none. */
  readonly auth: AuthSettings | undefined;
  readonly databaseUrl: string;
  readonly temporal: ClientConnectConfig;
};

export class ConfigError extends Error {
  readonly code = 'config_invalid';
  override readonly name = 'ConfigError';
}

/** Reads and checks every setting once; throws one ConfigError that names each variable at fault. */
export function readConfig(env: Environment = process.env): Config {
  const given = withAliases(env);
  const faults = [...refusals(given)];
  const parsed = settings.safeParse(given);
  if (!parsed.success) {
    faults.push(
      ...parsed.error.issues.map(({ path, message }) => `${spokenName(path.join('.'), env)}: ${message}`),
    );
  }
  const temporal = readTemporal(given, faults);
  const auth = parsed.success ? readAuth(parsed.data, faults) : undefined;
  if (parsed.success)
    faults.push(...clashes(parsed.data), ...formatRefusals(parsed.data), ...faultRefusals(parsed.data));
  if (!parsed.success || faults.length > 0) {
    throw new ConfigError(
      `Configuration refused; correct these variables and start again:\n  ${faults.join('\n  ')}`,
    );
  }
  const config = parsed.data;
  return Object.freeze({
    ...config,
    auth,
    databaseUrl: config.DATABASE_URL ?? databaseUrl(config),
    temporal,
  });
}

function withAliases(env: Environment): Environment {
  // An empty variable means unset: compose files and CI write them so.
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  for (const [alias, name] of Object.entries(aliases)) {
    given[name] ??= given[alias];
  }
  // OpenTelemetry's own switch. Left to the SDK it would take the trace ids with it.
  if (given.OTEL_SDK_DISABLED === 'true') delete given.OTEL_EXPORTER_OTLP_ENDPOINT;
  return given;
}

/** The variable that the value came from: the alias where only that one was set. */
function spokenName(name: string, env: Environment): string {
  const used = Object.keys(aliases).find((alias) => aliases[alias] === name && env[alias]);
  return used === undefined || env[name] ? name : used;
}

function* refusals(env: Environment): Generator<string> {
  if (env.JAEGER_ENDPOINT !== undefined) {
    yield 'JAEGER_ENDPOINT: no longer spoken; set OTEL_EXPORTER_OTLP_ENDPOINT=host:4317, Jaeger accepts OTLP there';
  }
  const address = env.BIND_ADDRESS ?? '127.0.0.1';
  const isExposed = !/^(127\.|::1$|localhost$)/.test(address) && env.INSECURE_OK !== 'true';
  if (isExposed && env.AUTH_MODE !== 'jwt') {
    yield `BIND_ADDRESS: ${address} opens an API without authentication; keep 127.0.0.1, set AUTH_MODE=jwt or INSECURE_OK=true`;
  }
  if (isExposed && env.FAULTS_ENABLED === 'true') {
    yield `FAULTS_ENABLED: on ${address} anybody could order faults; keep BIND_ADDRESS=127.0.0.1, set FAULTS_ENABLED=false or INSECURE_OK=true`;
  }
}

function databaseUrl(config: z.output<typeof settings>): string {
  const { DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME } = config;
  return `postgres://${encodeURIComponent(DB_USER)}:${encodeURIComponent(DB_PASSWORD)}@${DB_HOST}:${DB_PORT}/${DB_NAME}`;
}

const ports = ['API_PORT', 'PAYMENT_PORT', 'METRICS_PORT'] as const;
const topics = [
  'KAFKA_TOPIC_ORDER_CREATED',
  'KAFKA_TOPIC_ORDER_PROCESSED',
  'KAFKA_TOPIC_ORDER_FAILED',
  'KAFKA_TOPIC_ORDER_CANCELED',
  'KAFKA_TOPIC_TRANSACTION_CREATED',
  'KAFKA_TOPIC_TRANSACTION_PROCESSED',
  'KAFKA_TOPIC_TRANSACTION_FAILED',
  'KAFKA_TOPIC_ORDER_RETRY',
  // A dead letter on a topic that is consumed would be set aside for ever.
  'KAFKA_TOPIC_ORDER_DLQ',
  'KAFKA_TOPIC_TRANSACTIONS_DLQ',
  'KAFKA_TOPIC_ORDER_IDEMPOTENCY',
] as const;

function* clashes(config: z.output<typeof settings>): Generator<string> {
  for (const names of [ports, topics]) {
    for (const [at, name] of names.entries()) {
      const other = names.slice(0, at).find((earlier) => config[earlier] === config[name]);
      if (other !== undefined) yield `${name}: ${config[name]} is ${other} already; give each its own`;
    }
  }
}

function* formatRefusals(config: z.output<typeof settings>): Generator<string> {
  if (config.EVENT_FORMAT !== 'json' && config.SCHEMA_REGISTRY_URL === undefined)
    yield `SCHEMA_REGISTRY_URL: EVENT_FORMAT=${config.EVENT_FORMAT} needs it; set the address of a schema registry (make up SCHEMAS=1 has one), or EVENT_FORMAT=json`;
}

const orderedFaults = ['PAYMENT_DELAY_MS', 'PAYMENT_ERROR_PCT', 'RATE_LIMIT_PCT'] as const;

function* faultRefusals(config: z.output<typeof settings>): Generator<string> {
  for (const name of orderedFaults) {
    if (config[name] > 0 && !config.FAULTS_ENABLED) yield `${name}: needs FAULTS_ENABLED=true`;
  }
  const { PAYMENT_ERROR_PCT, RATE_LIMIT_PCT } = config;
  if (PAYMENT_ERROR_PCT + RATE_LIMIT_PCT > 100)
    yield `RATE_LIMIT_PCT: ${RATE_LIMIT_PCT} and PAYMENT_ERROR_PCT=${PAYMENT_ERROR_PCT} exclude one another; keep their sum within 100`;
}

/** TLS, API key and profile under the SDK's own names; a fault of theirs joins the list. */
function readTemporal(env: Environment, faults: string[]): ClientConnectConfig {
  const given = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const { TEMPORAL_ADDRESS = '127.0.0.1:7233', TEMPORAL_NAMESPACE = 'default' } = given;
  try {
    return loadClientConnectConfig({
      disableFile: given.TEMPORAL_CONFIG_FILE === undefined,
      overrideEnvVars: { ...given, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE },
    });
  } catch (error) {
    faults.push(`TEMPORAL_*: ${error instanceof Error ? error.message : String(error)}`);
    return { connectionOptions: {} };
  }
}
