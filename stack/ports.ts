import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { claim } from './lock.ts';
import { isAlive } from './processes.ts';
import { PORT_NAMES, type PortName, type Settings } from './settings.ts';
import { type ProcessSpec, readState, readTable } from './table.ts';

type Wanted = { setting: string; port: number };

/** Refuses ports that strangers hold; those that this stack's own processes hold are fine. */
export async function checkPorts(home: string, wanted: Wanted[]): Promise<void> {
  const own = new Set(runningSpecs(home).flatMap((spec) => Object.values(spec.ports)));
  const problems: string[] = [];
  const seen = new Map<number, string>();
  for (const { setting, port } of wanted) {
    const other = seen.get(port);
    seen.set(port, setting);
    if (other) problems.push(`${setting} and ${other} are both ${port}; give one of them another number`);
    else if (!own.has(port) && !(await isFree(port))) {
      const [name] = setting.split(' ');
      problems.push(
        `port ${port} is taken by another program; free it, or set ${setting}: make up ${name}=${await freePort(port)}`,
      );
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/**
 * A block of neighbours that nobody listens on, below the range from which systems number outgoing connections. It stays this
 * process's own until that ends: another that chose the same before this one listens would meet strangers' parts, and use them.
 */
export async function freePorts(): Promise<Record<PortName, number>> {
  const claims = join(tmpdir(), `tbd-ports-${userInfo().username}`);
  mkdirSync(claims, { recursive: true });
  for (;;) {
    const base = 20_000 + BLOCK * Math.floor(Math.random() * Math.floor(12_000 / BLOCK));
    if (!claim(join(claims, String(base)))) continue;
    const block = Array.from({ length: BLOCK }, (_, index) => base + index);
    if (!(await Promise.all(block.map(isFree))).every(Boolean)) continue;
    const ports = Object.fromEntries(PORT_NAMES.map((name, index) => [name, base + index]));
    return ports as Record<PortName, number>; // fromEntries forgets the literal keys
  }
}

// METRICS_PORT comes last and takes the rest: one for every process, scaled ones too.
const BLOCK = 48;

export function wantedPorts(specs: Pick<ProcessSpec, 'name' | 'ports'>[]): Wanted[] {
  const all = specs.flatMap(({ name, ports }) =>
    Object.entries(ports).map(([setting, port]) => ({
      setting: setting === 'METRICS_PORT' ? `${setting} (${name})` : setting,
      port,
    })),
  );
  // Several api processes share one API_PORT.
  return all.filter(
    (one, index) =>
      all.findIndex(({ setting, port }) => setting === one.setting && port === one.port) === index,
  );
}

export function partPorts(
  part: 'postgres' | 'kafka' | 'temporal' | 'registry' | 'redis' | 'prometheus',
  { ports }: Settings,
): Record<string, number> {
  const { DB_PORT, KAFKA_PORT, KAFKA_CONTROLLER_PORT, TEMPORAL_PORT, TEMPORAL_UI_PORT } = ports;
  const { SCHEMA_REGISTRY_PORT, REDIS_PORT, PROMETHEUS_PORT } = ports;
  return {
    postgres: { DB_PORT },
    kafka: { KAFKA_PORT, KAFKA_CONTROLLER_PORT },
    temporal: { TEMPORAL_PORT, TEMPORAL_UI_PORT },
    redis: { REDIS_PORT },
    registry: { SCHEMA_REGISTRY_PORT },
    prometheus: { PROMETHEUS_PORT },
  }[part];
}

function runningSpecs(home: string): ProcessSpec[] {
  const processes = readState(home)?.processes ?? {};
  return readTable(home).filter(({ name }) => {
    const record = processes[name];
    return record && isAlive(record);
  });
}

async function freePort(near: number): Promise<number> {
  let port = near + 1;
  while (!(await isFree(port))) port++;
  return port;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
