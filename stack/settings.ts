import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { isAlive } from './processes.ts';
import { readJson, readState, runFile } from './table.ts';

export const CHECKOUT = resolve(import.meta.dirname, '..');
export const MAIN = join(CHECKOUT, 'src', 'main.ts');

export type Environment = Record<string, string | undefined>;

export type Settings = {
  home: string;
  parts: string;
  env: Environment;
  ports: Record<PortName, number>;
  database: { user: string; password: string; name: string };
};

// A process takes METRICS_PORT + its place; see roleSpecs in roles.ts.
const DEFAULT_PORTS = {
  API_PORT: 8080,
  PAYMENT_PORT: 8081,
  DB_PORT: 5432,
  KAFKA_PORT: 9092,
  KAFKA_CONTROLLER_PORT: 9093,
  TEMPORAL_PORT: 7233,
  TEMPORAL_UI_PORT: 8233,
  REDIS_PORT: 6379,
  SCHEMA_REGISTRY_PORT: 8085,
  PROMETHEUS_PORT: 9090,
  METRICS_PORT: 9464,
};

export type PortName = keyof typeof DEFAULT_PORTS;
export const PORT_NAMES = Object.keys(DEFAULT_PORTS) as PortName[]; // Object.keys forgets the literal keys

export function readSettings(env: Environment): Settings {
  const home = resolve(CHECKOUT, env.TBD_HOME || '.tbd');
  const ports = { ...DEFAULT_PORTS, ...portsInUse(home) };
  for (const name of PORT_NAMES)
    ports[name] =
      portFrom(name, env[name] || (name === 'API_PORT' ? env.HTTP_PORT : undefined)) ?? ports[name];
  return {
    home,
    parts: resolve(CHECKOUT, env.TBD_PARTS || join('.tbd', 'parts')),
    env,
    ports,
    database: {
      user: env.DB_USER || 'tbd',
      password: env.DB_PASSWORD || 'secret',
      name: env.DB_NAME || 'tbd',
    },
  };
}

export function onPath(command: string, env: Environment): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, command)).find((file) => existsSync(file));
}

export function systemEnvironment(env: Environment): Record<string, string> {
  return { PATH: env.PATH ?? '', HOME: env.HOME ?? homedir(), LANG: 'C.UTF-8' };
}

/** A running stack keeps its ports: `make up API_PORT=9000` and then `make demo` speak to the same one. */
function portsInUse(home: string): Partial<Record<PortName, number>> {
  const supervisor = readState(home)?.supervisor;
  return (supervisor && isAlive(supervisor) && readJson(runFile(home, 'ports.json'))) || {};
}

const ANSWERS: Readonly<Record<string, boolean>> = { 1: true, true: true, 0: false, false: false };

/** Undefined where nothing was said. */
export function flagFrom(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined || value === '') return undefined;
  const answer = ANSWERS[value];
  if (answer === undefined) throw new Error(`${name}=${value} is not understood; give 1 or 0`);
  return answer;
}

function portFrom(name: string, value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new Error(`${name}=${value} is not a port; give a number from 1 to 65535`);
}
