import { randomUUID } from 'node:crypto';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Authenticator } from '../../src/api/authenticator.ts';
import type { RateLimit } from '../../src/api/buckets.ts';
import { startApi } from '../../src/api/server.ts';
import { startTelemetry } from '../../src/platform/telemetry.ts';
import type { Runs } from '../../src/runs/runs.ts';
import type { Load } from '../../src/store/load.ts';
import { createOutboxSignal } from '../../src/store/outbox-signal.ts';
import { type Pool, ping } from '../../src/store/pool.ts';
import { freshDatabase, poolOf, type TestDatabase } from './database.ts';
import { type Line, memoryLog } from './log.ts';
import { type Link, startProxy } from './proxy.ts';

export interface Call {
  readonly method?: string;
  readonly path?: string;
  /** undefined leaves out a header that is sent otherwise; a list sends it once for each. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: unknown;
  /** Without Content-Length. */
  readonly chunked?: boolean;
  readonly agent?: Agent;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of it
  readonly json: any;
}

export interface TestApi extends AsyncDisposable {
  readonly port: number;
  readonly pool: Pool;
  readonly database: TestDatabase;
  readonly lines: readonly Line[];
  /** Between the api and Postgres. */
  readonly proxy: Link;
  /** POST /v1/orders with a key of its own and a JSON body, unless told otherwise. */
  call(call?: Call): Promise<Answer>;
  /** What the role does when its process is told to stop; disposing does it too. */
  drain(): Promise<void>;
  /** Rows of every table that a request could write to. */
  rowCounts(): Promise<unknown>;
}

export const goodOrder = { customer_email: 'ada@example.com', amount_cents: 4_200 };

export interface TestApiOptions {
  /** Without it everybody may call, as `anonymous`. */
  readonly authenticator?: Authenticator;
  /** Without it nobody gets to it. */
  readonly rateLimit?: RateLimit;
  readonly admissionLimits?: Load;
  /** Without it nobody hears of a cancel. */
  readonly wakeRun?: Runs['wakeRun'];
  /** Without them repairs reach nobody, and succeed. */
  readonly resumeRun?: Runs['resumeRun'];
  readonly resetRun?: Runs['resetRun'];
  /** Of another API: this one is a second process beside it. */
  readonly database?: TestDatabase;
}

/** The API with a database of its own, unless told otherwise, reached through a proxy. */
export async function startTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const resources = new AsyncDisposableStack();
  resources.use(startTelemetry({ serviceName: 'test' }));
  const database = options.database ?? resources.use(await freshDatabase());
  const address = new URL(database.url);
  const proxy = resources.use(await startProxy({ host: address.hostname, port: Number(address.port) }));
  address.port = String(proxy.port);
  const pool = resources.use(await poolOf(address.href));
  const { log, lines } = memoryLog();
  const api = await startApi({
    host: '127.0.0.1',
    port: 0,
    pool,
    signal: createOutboxSignal(pool),
    wakeRun: options.wakeRun ?? (async () => {}),
    resumeRun: options.resumeRun ?? (async () => 'woken'),
    resetRun: options.resetRun ?? (async () => 'reset'),
    idempotencyTtlMs: 72 * 3_600_000,
    replays: { consumerGroup: 'workers', most: 5 },
    admissionLimits: options.admissionLimits ?? {
      unsentEvents: 100_000,
      oldestEventMs: 600_000,
      openOrders: 100_000,
    },
    authenticator: options.authenticator,
    rateLimit: options.rateLimit ?? { perSecond: 10_000, burst: 10_000 },
    operations: { required: { postgres: () => ping(pool) } },
    log,
  });
  const drain = once(() => api[Symbol.asyncDispose]());
  resources.defer(drain);
  return {
    drain,
    port: api.port,
    pool,
    database,
    lines,
    proxy,
    call: (call = {}) => exchange(api.port, call),
    rowCounts: async () =>
      (
        await database.rows(
          `select (select count(*)::int from orders) as orders, (select count(*)::int from outbox) as events,
           (select count(*)::int from idempotency_keys) as keys`,
        )
      )[0],
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function once(work: () => PromiseLike<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= Promise.resolve(work());
    return done;
  };
}

async function exchange(port: number, call: Call): Promise<Answer> {
  const { method = 'POST', path = '/v1/orders', chunked = false, agent = new Agent() } = call;
  const body = method === 'POST' && !('body' in call) ? goodOrder : call.body;
  const bytes = Buffer.isBuffer(body) || typeof body === 'string' ? Buffer.from(body) : encoded(body);
  const headers = {
    'Content-Type': 'application/json',
    ...(method === 'POST' && { 'Idempotency-Key': randomUUID() }),
    ...(bytes.length > 0 && !chunked && { 'Content-Length': String(bytes.length) }),
    ...call.headers,
  };
  const sent = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers: sent, agent }, (incoming) => {
    buffer(incoming).then((content) => {
      const text = content.toString();
      const isJson = incoming.headers['content-type']?.includes('json') && text !== '';
      resolve({
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        text,
        json: isJson ? JSON.parse(text) : undefined,
      });
    }, reject);
  });
  outgoing.on('error', reject);
  if (chunked) outgoing.write(bytes);
  outgoing.end(chunked ? undefined : bytes);
  return promise;
}

function encoded(body: unknown): Buffer {
  return Buffer.from(body === undefined ? '' : JSON.stringify(body));
}
