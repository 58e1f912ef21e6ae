import { generateKeyPairSync } from 'node:crypto';
import { ConfigError, readConfig } from './config.ts';
import { settings } from './settings.ts';

function faults(env: Record<string, string>): string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n  ').slice(1);
    throw error;
  }
  return [];
}

test('nothing set is a whole configuration, for this machine alone', () => {
  expect(readConfig({})).toMatchObject({
    BIND_ADDRESS: '127.0.0.1',
    API_PORT: 8080,
    PAYMENT_PORT: 8081,
    METRICS_PORT: 9464,
    databaseUrl: 'postgres://tbd:secret@127.0.0.1:5432/tbd',
    DB_MAX_CONNS: 25,
    DB_MAX_IDLE_CONNS: 5,
    DB_CONN_MAX_LIFETIME: 300_000,
    IDEMPOTENCY_TTL: 72 * 3_600_000,
    KAFKA_BROKERS: ['127.0.0.1:9092'],
    KAFKA_CONSUMER_GROUP: 'tbd-workers',
    TEMPORAL_TASK_QUEUE: 'orders',
    WORKER_CONCURRENCY: 10,
    AUTO_MIGRATE: true,
    temporal: { connectionOptions: { address: '127.0.0.1:7233' }, namespace: 'default' },
  });
});

test('an empty variable means unset', () => {
  const empty = Object.fromEntries(Object.keys(settings.shape).map((name) => [name, '']));
  expect(readConfig(empty)).toEqual(readConfig({}));
});

test('a configuration cannot be changed afterwards', () => {
  expect(Object.isFrozen(readConfig({}))).toBe(true);
});

test('all faults are named at once, each with its variable', () => {
  const wrong = {
    API_PORT: 'eighty',
    METRICS_PORT: '70000',
    DB_MAX_CONNS: '0',
    DB_MAX_IDLE_CONNS: '-1',
    DATABASE_URL: 'mysql://host/db',
    DB_CONN_MAX_LIFETIME: '5 minutes',
    IDEMPOTENCY_TTL: '1h',
    KAFKA_BROKERS: 'a:1,,b:2',
    AUTO_MIGRATE: 'yes',
    LOG_LEVEL: 'loud',
    AUTH_MODE: 'basic',
    AUTH_ISSUER: 'an issuer',
    AUTH_AUDIENCE: 'ö',
    AUTH_JWKS_URL: 'somewhere',
    AUTH_PUBLIC_KEY: 'secret',
    RATE_LIMIT_PER_SECOND: '0',
    RATE_LIMIT_BURST: '1.5',
    PAYMENT_URL: 'somewhere',
    WORKER_CONCURRENCY: '1.5',
    FAULTS_ENABLED: 'maybe',
    PAYMENT_DELAY_MS: '60001',
    PAYMENT_ERROR_PCT: '101',
    RATE_LIMIT_PCT: '10%',
    PAYMENT_FAULT_SEED: '-1',
    BIND_ADDRESS: '0.0.0.0',
    JAEGER_ENDPOINT: 'http://jaeger:14268/api/traces',
  };
  const named = faults(wrong).map((fault) => fault.split(':')[0]);
  expect(named.toSorted()).toEqual(Object.keys(wrong).toSorted());
  for (const fault of faults(wrong)) expect(fault).toMatch(/^[A-Z_]+: .{10,}/);
});

test.each([
  ['DB_CONN_MAX_LIFETIME', '90s', 90_000],
  ['DB_CONN_MAX_LIFETIME', '5m', 300_000],
  ['DB_CONN_MAX_LIFETIME', '24h', 86_400_000],
  ['PAYMENT_GIVE_UP_AFTER', '2500ms', 2_500],
  ['IDEMPOTENCY_TTL', '24h', 86_400_000],
  ['IDEMPOTENCY_TTL', '168h', 604_800_000],
])('%s takes %s', (name, text, ms) => {
  expect(readConfig({ [name]: text })).toMatchObject({ [name]: ms });
});

test.each([
  ['IDEMPOTENCY_TTL', '23h', 'between 24h and 168h'],
  ['IDEMPOTENCY_TTL', '169h', 'between 24h and 168h'],
  ['DB_CONN_MAX_LIFETIME', '0s', 'between 1s and 24h'],
  ['DB_CONN_MAX_LIFETIME', '300', 'write it like 250ms, 30s, 5m or 24h'],
  ['DB_CONN_MAX_LIFETIME', '1.5h', 'write it like'],
  ['DB_CONN_MAX_LIFETIME', '5d', 'write it like'],
  ['OTEL_TRACES_SAMPLER', 'sometimes', 'one of always_on, always_off, traceidratio'],
  ['OTEL_TRACES_SAMPLER_ARG', 'half', 'a number from 0 to 1'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://collector:4317', 'http:// or https://'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector', 'host:4317'],
])('%s refuses %s and says what it takes', (name, text, reason) => {
  expect(faults({ [name]: text })).toEqual([expect.stringMatching(new RegExp(`^${name}: .*${reason}`))]);
});

test.each([
  ['HTTP_PORT', 'API_PORT', '7001', '7002'],
  ['SERVICE_NAME', 'OTEL_SERVICE_NAME', 'a', 'b'],
  ['PAYMENT_SERVICE_URL', 'PAYMENT_URL', 'http://a:1', 'http://b:1'],
  ['KAFKA_TOPIC_ORDERS', 'KAFKA_TOPIC_ORDER_CREATED', 'a', 'b'],
  ['KAFKA_TOPIC_ORDERS_DLQ', 'KAFKA_TOPIC_ORDER_DLQ', 'a', 'b'],
] as const)('%s is another name of %s, whose own name wins', (alias, name, value, other) => {
  const read = (env: Record<string, string>) => String(readConfig(env)[name]);
  expect(read({ [alias]: value })).toBe(value);
  expect(read({ [alias]: value, [name]: other })).toBe(other);
  expect(read({ [alias]: value, [name]: '' })).toBe(value);
});

test('OTEL_SDK_DISABLED is the same as no endpoint', () => {
  const given = { OTEL_EXPORTER_OTLP_ENDPOINT: 'a:4317', OTEL_SDK_DISABLED: 'true' };
  expect(readConfig(given).OTEL_EXPORTER_OTLP_ENDPOINT).toBeUndefined();
});

test('JAEGER_ENDPOINT is refused, and the answer names what to set in its place', () => {
  expect(faults({ JAEGER_ENDPOINT: 'jaeger:14268' })).toEqual([
    expect.stringMatching(/^JAEGER_ENDPOINT: .*OTEL_EXPORTER_OTLP_ENDPOINT/),
  ]);
});

const keys = { AUTH_JWKS_URL: 'https://issuer.example/keys' };
const named = { AUTH_MODE: 'jwt', AUTH_ISSUER: 'https://issuer.example/', AUTH_AUDIENCE: 'orders' };
const withTokens = { ...named, ...keys };
const publicKey = JSON.stringify(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }));

test('tokens are believed of one issuer, by its published keys or its one key', () => {
  expect(readConfig({}).auth).toBeUndefined();
  expect(readConfig(withTokens).auth).toEqual({
    issuer: 'https://issuer.example/',
    audience: 'orders',
    keys: new URL('https://issuer.example/keys'),
  });
  expect(readConfig({ ...named, AUTH_PUBLIC_KEY: publicKey }).auth?.keys).toMatchObject({
    asymmetricKeyType: 'ed25519',
  });
});

test('what AUTH_MODE=none does not need is not used either', () => {
  expect(readConfig({ ...withTokens, AUTH_MODE: 'none' }).auth).toBeUndefined();
});

test.each([
  ['AUTH_ISSUER', { ...withTokens, AUTH_ISSUER: '' }, 'AUTH_MODE=jwt needs it'],
  ['AUTH_AUDIENCE', { ...withTokens, AUTH_AUDIENCE: '' }, 'AUTH_MODE=jwt needs it'],
  ['AUTH_JWKS_URL', named, 'or AUTH_PUBLIC_KEY in its place'],
  ['AUTH_PUBLIC_KEY', { ...withTokens, AUTH_PUBLIC_KEY: publicKey }, 'keep one of them'],
  ['AUTH_JWKS_URL', { ...named, AUTH_JWKS_URL: 'http://issuer.example/keys' }, 'https://'],
  ['AUTH_JWKS_URL', { ...named, AUTH_JWKS_URL: 'http://127.0.0.1.example/keys' }, 'https://'],
  ['AUTH_JWKS_URL', { ...named, AUTH_JWKS_URL: 'file:///keys' }, 'https://'],
  ['AUTH_PUBLIC_KEY', { ...named, AUTH_PUBLIC_KEY: '{"kty":"oct","k":"AA"}' }, 'public half'],
  ['AUTH_ISSUER', { ...withTokens, AUTH_ISSUER: 'https://issuer.example/ ' }, 'visible ASCII'],
  ['AUTH_MODE', { ...withTokens, AUTH_MODE: 'JWT' }, 'none or jwt'],
])('tokens are not believed half-configured: %s', (name, env, reason) => {
  expect(faults(env)).toEqual([expect.stringMatching(new RegExp(`^${name}: .*${reason}`))]);
});

test('all that AUTH_MODE=jwt lacks is named at once', () => {
  const lacking = faults({ AUTH_MODE: 'jwt' }).map((fault) => fault.split(':')[0]);
  expect(lacking).toEqual(['AUTH_ISSUER', 'AUTH_AUDIENCE', 'AUTH_JWKS_URL']);
});

test.each(['http://127.0.0.1:9/keys', 'http://localhost/keys', 'http://[::1]:9/keys'])(
  'keys may come without TLS from this machine: %s',
  (address) => {
    expect(readConfig({ ...named, AUTH_JWKS_URL: address }).auth?.keys).toEqual(new URL(address));
  },
);

test.each(['0.0.0.0', '::', '192.168.1.5', 'api.example.com', '10.127.0.1'])(
  'an address that others can reach has to be allowed: %s',
  (address) => {
    expect(faults({ BIND_ADDRESS: address })).toEqual([
      expect.stringMatching(/^BIND_ADDRESS: .*INSECURE_OK=true/),
    ]);
    expect(faults({ BIND_ADDRESS: address, INSECURE_OK: 'false' })).toHaveLength(1);
    expect(readConfig({ BIND_ADDRESS: address, INSECURE_OK: 'true' }).BIND_ADDRESS).toBe(address);
    expect(readConfig({ BIND_ADDRESS: address, ...withTokens }).BIND_ADDRESS).toBe(address);
  },
);

test.each(['127.0.0.1', '127.0.0.2', '::1', 'localhost'])('%s is this machine', (address) => {
  expect(faults({ BIND_ADDRESS: address })).toEqual([]);
});

test.each(['PAYMENT_DELAY_MS', 'PAYMENT_ERROR_PCT', 'RATE_LIMIT_PCT'])('%s has to be enabled', (name) => {
  expect(faults({ [name]: '1' })).toEqual([`${name}: needs FAULTS_ENABLED=true`]);
  expect(faults({ [name]: '0', FAULTS_ENABLED: 'false' })).toEqual([]);
  expect(readConfig({ [name]: '1', FAULTS_ENABLED: 'true' })).toMatchObject({ [name]: 1 });
});

test('faults that exclude one another are not ordered for more than all requests', () => {
  expect(faults({ FAULTS_ENABLED: 'true', PAYMENT_ERROR_PCT: '60', RATE_LIMIT_PCT: '41' })).toEqual([
    expect.stringMatching(/^RATE_LIMIT_PCT: .*PAYMENT_ERROR_PCT=60 .*100/),
  ]);
});

test('faults on an address that others can reach have to be allowed, tokens or not', () => {
  const exposed = { BIND_ADDRESS: '0.0.0.0', FAULTS_ENABLED: 'true', ...withTokens };
  expect(faults(exposed)).toEqual([expect.stringMatching(/^FAULTS_ENABLED: .*INSECURE_OK=true/)]);
  expect(faults({ ...exposed, FAULTS_ENABLED: 'false' })).toEqual([]);
  expect(readConfig({ ...exposed, INSECURE_OK: 'true' }).FAULTS_ENABLED).toBe(true);
});

test('the parts of a database address are put together, whatever characters they have', () => {
  const parts = { DB_HOST: 'db', DB_PORT: '6000', DB_USER: 'a@b', DB_PASSWORD: 'p/w:#', DB_NAME: 'orders' };
  const url = new URL(readConfig(parts).databaseUrl);
  expect([url.hostname, url.port, url.pathname]).toEqual(['db', '6000', '/orders']);
  expect([url.username, url.password].map(decodeURIComponent)).toEqual(['a@b', 'p/w:#']);
  expect(readConfig({ ...parts, DATABASE_URL: 'postgresql://x:y@z/w' }).databaseUrl).toBe(
    'postgresql://x:y@z/w',
  );
});

test('brokers are a list', () => {
  expect(readConfig({ KAFKA_BROKERS: 'a:1, b:2' }).KAFKA_BROKERS).toEqual(['a:1', 'b:2']);
});

test('Temporal’s own names for TLS and API key reach its client', () => {
  const { temporal } = readConfig({
    TEMPORAL_ADDRESS: 'cloud:7233',
    TEMPORAL_API_KEY: 'key',
    TEMPORAL_NAMESPACE: 'n',
  });
  expect(temporal).toMatchObject({
    connectionOptions: { address: 'cloud:7233', apiKey: 'key' },
    namespace: 'n',
  });
});

test('events in another format than JSON need a schema registry', () => {
  expect(faults({ EVENT_FORMAT: 'avro' })).toEqual([
    expect.stringMatching(/^SCHEMA_REGISTRY_URL: EVENT_FORMAT=avro needs it/),
  ]);
  const given = {
    EVENT_FORMAT: 'protobuf',
    SCHEMA_REGISTRY_URL: 'https://ada:secret@registry/apis/ccompat/v7',
  };
  expect(readConfig(given)).toMatchObject({ EVENT_FORMAT: 'protobuf' });
  expect(faults({ SCHEMA_REGISTRY_URL: 'registry:8085' })).toEqual([
    expect.stringMatching(/^SCHEMA_REGISTRY_URL: must be an http/),
  ]);
  expect(faults({ EVENT_FORMAT: 'xml' })).toEqual([expect.stringMatching(/^EVENT_FORMAT: must be json/)]);
});
