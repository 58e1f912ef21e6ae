import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readConfig } from '../../src/platform/config.ts';
import { eventually } from '../support/eventually.ts';
import { root, type Service } from './compose.ts';
import { freePort } from './ports.ts';
import { testApiUrl } from './test-stack.ts';

type Environment = Record<string, string>;

export interface Running extends AsyncDisposable {
  readonly env: Environment;
  /** Where the role's health and metrics are. */
  readonly operations: string;
  kill: (signal: NodeJS.Signals) => Promise<number | null>;
}

/** Starts what the container would start, with the container's environment, and waits until it is ready. */
export async function startService(
  { command, environment }: Service,
  { folder, ...changes }: { folder: string } & Environment,
): Promise<Running> {
  const env: Environment = { ...(await onThisMachine(environment, folder)), ...changes };
  const child = spawn(process.execPath, ['src/main.ts', ...command], {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const exited = once(child, 'exit');
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  const host = env.BIND_ADDRESS === '0.0.0.0' ? '127.0.0.1' : env.BIND_ADDRESS;
  const operations = `http://${host}:${env.METRICS_PORT}`;
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`);
      const answer = await fetch(`${operations}/readyz`);
      if (!answer.ok) throw new Error(`not ready: ${await answer.text()}`);
    }, 25_000);
  } catch (cause) {
    await kill('SIGKILL');
    throw new Error(`${command.join(' ')} did not become ready:\n${output.slice(-4_000)}`, { cause });
  }
  return {
    env,
    operations,
    kill,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await kill('SIGTERM');
    },
  };
}

/** Host names become the addresses of the test stack, ports free ones, paths of volumes a folder; all else stays. */
async function onThisMachine(environment: Environment, folder: string): Promise<Environment> {
  testApiUrl();
  const stack = readConfig();
  const database = new URL(stack.databaseUrl);
  const here: Environment = {
    DB_HOST: database.hostname,
    DB_PORT: database.port,
    DB_USER: decodeURIComponent(database.username),
    DB_PASSWORD: decodeURIComponent(database.password),
    DB_NAME: database.pathname.slice(1),
    KAFKA_BROKERS: stack.KAFKA_BROKERS.join(','),
    TEMPORAL_ADDRESS: stack.TEMPORAL_ADDRESS,
    PAYMENT_URL: stack.PAYMENT_URL,
    // Nothing listens there: a role must not need the collector.
    OTEL_EXPORTER_OTLP_ENDPOINT: `127.0.0.1:${await freePort()}`,
    METRICS_PORT: String(await freePort()),
    API_PORT: String(await freePort()),
    PAYMENT_PORT: String(await freePort()),
    PAYMENT_LEDGER_FILE: `${folder}/ledger.sqlite`,
  };
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, here[name] ?? value]));
}
