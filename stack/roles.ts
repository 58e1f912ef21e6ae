import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { given, roleEnvironment } from './environment.ts';
import { CHECKOUT, MAIN, type Settings } from './settings.ts';
import { type ProcessSpec, readJson, runFile, writeWhole } from './table.ts';

// A bridge beside a worker starts workflows eagerly, on one connection.
const LAYOUT = [
  { name: 'api', roles: ['api'] },
  { name: 'relay', roles: ['relay'] },
  { name: 'worker', roles: ['bridge', 'worker'] },
  { name: 'payment', roles: ['payment'] },
] as const;

const SCALABLE = ['api', 'relay', 'worker'];
const MOST = 8; // metrics ports: 4 kinds × 8 processes
const DRAIN_MS = 35_000; // a role gives itself 30 s

export type Scale = Record<string, number>;

export function roleSpecs(settings: Settings): ProcessSpec[] {
  const scale = readScale(settings.home);
  const contents = sourceHash();
  const kinds = LAYOUT.filter(({ name }) => name !== 'payment' || !given(settings).payment);
  return kinds.flatMap((kind) => {
    const place = LAYOUT.indexOf(kind);
    return Array.from({ length: scale[kind.name] ?? 1 }, (_, copy) => {
      const metricsPort = settings.ports.METRICS_PORT + place + copy * LAYOUT.length;
      return roleSpec({ settings, kind, copy, metricsPort, contents });
    });
  });
}

function readScale(home: string): Scale {
  return readJson<Scale>(runFile(home, 'scale.json')) ?? {};
}

export function changeScale(home: string, wishes: Scale): void {
  for (const [name, count] of Object.entries(wishes)) {
    if (!SCALABLE.includes(name))
      throw new Error(`${name} cannot be scaled; name one of ${SCALABLE.join(', ')}`);
    if (!Number.isInteger(count) || count < 0 || count > MOST)
      throw new Error(`${name}=${count}: give a number from 0 to ${MOST}`);
  }
  writeWhole(runFile(home, 'scale.json'), JSON.stringify({ ...readScale(home), ...wishes }));
}

type Request = {
  settings: Settings;
  kind: (typeof LAYOUT)[number];
  copy: number;
  metricsPort: number;
  contents: string;
};

function roleSpec({ settings, kind, copy, metricsPort, contents }: Request): ProcessSpec {
  const { ports, home } = settings;
  const ledger = join(home, 'data', 'payment');
  mkdirSync(ledger, { recursive: true });
  const own = {
    api: { API_PORT: ports.API_PORT },
    payment: { PAYMENT_PORT: ports.PAYMENT_PORT },
    relay: {},
    worker: {},
  }[kind.name];
  return {
    name: copy === 0 ? kind.name : `${kind.name}-${copy + 1}`,
    roles: [...kind.roles],
    command: [process.execPath, MAIN, ...kind.roles],
    env: {
      ...roleEnvironment(settings),
      METRICS_PORT: String(metricsPort),
      ...(kind.name === 'payment' && { PAYMENT_LEDGER_FILE: join(ledger, 'ledger.sqlite') }),
    },
    cwd: CHECKOUT,
    ports: { ...own, METRICS_PORT: metricsPort },
    ready: { kind: 'http', url: `http://127.0.0.1:${metricsPort}/readyz` },
    stop: { stage: 'role', signal: 'SIGTERM', withinMs: DRAIN_MS },
    contents,
  };
}

function sourceHash(): string {
  const hash = createHash('sha256');
  const files = globSync(['src/**', 'migrations/**', 'schemas/**', 'package-lock.json'], { cwd: CHECKOUT });
  for (const file of files.sort()) {
    const path = join(CHECKOUT, file);
    if (file.endsWith('.test.ts') || !statSync(path).isFile()) continue;
    hash.update(file).update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}
