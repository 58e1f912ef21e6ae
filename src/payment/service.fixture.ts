import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Logger } from '../platform/logger.ts';
import { type PaymentDeps, startPayment } from './server.ts';

type ServiceSettings = Partial<PaymentDeps['config']>;

const plain = {
  BIND_ADDRESS: '127.0.0.1',
  PAYMENT_PORT: 0,
  FAULTS_ENABLED: false,
  PAYMENT_DELAY_MS: 0,
  PAYMENT_ERROR_PCT: 0,
  RATE_LIMIT_PCT: 0,
  PAYMENT_FAULT_SEED: 1,
};

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export function temporaryLedger(): { file: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'payment-'));
  const file = join(folder, 'made', 'on', 'start', 'ledger.sqlite');
  return { file, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

export async function startService(
  file: string,
  settings: ServiceSettings = {},
): Promise<{ url: string } & AsyncDisposable> {
  const config = { ...plain, PAYMENT_LEDGER_FILE: file, ...settings };
  const service = await startPayment({ config, log: silent });
  return {
    url: `http://127.0.0.1:${service.port}`,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

export interface ServiceProcess extends AsyncDisposable {
  readonly url: string;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** The role in a process of its own, to be killed. */
export async function spawnService(file: string): Promise<ServiceProcess> {
  const script = `
    import { createLogger } from ${JSON.stringify(import.meta.resolve('../platform/logger.ts'))};
    import { startPayment } from ${JSON.stringify(import.meta.resolve('./server.ts'))};
    const config = { ...${JSON.stringify(plain)}, PAYMENT_LEDGER_FILE: process.argv[1] };
    console.log((await startPayment({ config, log: createLogger({ service: 'payment', level: 'fatal' }) })).port);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return { url: `http://127.0.0.1:${await firstLine(child)}`, kill, [Symbol.asyncDispose]: kill };
}

async function firstLine(child: ChildProcessByStdio<null, Readable, null>): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('The payment process ended before it was ready; see its stderr above.');
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export async function call(
  url: string,
  { key, body, method }: { key?: string; body?: unknown; method?: string } = {},
): Promise<Reply> {
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

/** One service for the whole test file, on a ledger that goes with it. */
export function sharedService(settings: ServiceSettings = {}) {
  const ledger = temporaryLedger();
  const started = startService(ledger.file, settings);
  afterAll(async () => {
    await (await started)[Symbol.asyncDispose]();
    ledger[Symbol.dispose]();
  });
  let number = 0;
  return {
    url: () => started.then(({ url }) => url),
    fresh: (name: string) => `${name}-${++number}`,
    get: async (path: string) => call((await started).url + path),
    post: async (path: string, key: string | undefined, body: unknown) =>
      call((await started).url + path, key === undefined ? { body } : { key, body }),
    put: async (path: string, body: unknown) => call((await started).url + path, { method: 'PUT', body }),
  };
}

export const charge = { order_id: 'o-1', merchant_id: null, amount_cents: 4_200, currency: 'EUR' };
