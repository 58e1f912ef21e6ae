import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { given, roleEnvironment } from './environment.ts';
import { checkConnections, countOf, readScale } from './scale.ts';
import { CHECKOUT, MAIN, type Settings } from './settings.ts';
import type { ProcessSpec } from './table.ts';

// A bridge beside a worker starts workflows eagerly, on one connection.
const LAYOUT = [
  { name: 'api', roles: ['api'] },
  // What keeper and notifier do needs no process of its own.
  { name: 'relay', roles: ['relay', 'keeper', 'notifier'] },
  { name: 'worker', roles: ['bridge', 'worker'] },
  { name: 'payment', roles: ['payment'] },
] as const;

const DRAIN_MS = 35_000; // a role gives itself 30 s

export function roleSpecs(settings: Settings): ProcessSpec[] {
  const scale = readScale(settings.home);
  checkConnections(settings, scale);
  const contents = sourceHash();
  const kinds = LAYOUT.filter(({ name }) => name !== 'payment' || !given(settings).payment);
  return kinds.flatMap((kind) => {
    const place = LAYOUT.indexOf(kind);
    return Array.from({ length: countOf(scale, kind.name) }, (_, copy) => {
      const metricsPort = settings.ports.METRICS_PORT + place + copy * LAYOUT.length;
      return roleSpec({ settings, kind, copy, metricsPort, contents });
    });
  });
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
