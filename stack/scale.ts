import { given } from './environment.ts';
import { CONNECTIONS_FOR_ROLES } from './parts/postgres.ts';
import type { Settings } from './settings.ts';
import { readJson, runFile, writeWhole } from './table.ts';

// Each of them has a pool of connections. A second relay is a stand-by: the first one holds every partition of the outbox.
const SCALABLE = ['api', 'relay', 'worker'];
const MOST = 8; // metrics ports: 4 kinds × 8 processes
const DEFAULT_POOL = 25; // of DB_MAX_CONNS

type Scale = Record<string, number>;

export function changeScale(settings: Settings, wishes: Scale): Scale {
  for (const [name, count] of Object.entries(wishes)) {
    if (!SCALABLE.includes(name))
      throw new Error(`${name} cannot be scaled; name one of ${SCALABLE.join(', ')}`);
    if (!Number.isInteger(count) || count < 0 || count > MOST)
      throw new Error(`${name}=${count}: give a number from 0 to ${MOST}`);
  }
  const scale = { ...readScale(settings.home), ...wishes };
  checkConnections(settings, scale);
  writeWhole(runFile(settings.home, 'scale.json'), JSON.stringify(scale));
  return scale;
}

/** Refuses more connections than the stack's own Postgres takes; what another one takes is not known here. */
export function checkConnections(settings: Settings, scale: Scale): void {
  if (given(settings).postgres) return;
  const pool = Number(settings.env.DB_MAX_CONNS || DEFAULT_POOL);
  const processes = SCALABLE.reduce((sum, name) => sum + countOf(scale, name), 0);
  const relays = countOf(scale, 'relay');
  const wanted = processes * pool + relays;
  if (!(wanted > CONNECTIONS_FOR_ROLES)) return; // not a number: the roles refuse it with a reason
  const counts = SCALABLE.map((name) => `${name}=${countOf(scale, name)}`).join(' ');
  const fits = Math.floor((CONNECTIONS_FOR_ROLES - relays) / processes);
  throw new Error(
    `${counts} may take ${processes} × ${pool} + ${relays} = ${wanted} connections, and Postgres has ${CONNECTIONS_FOR_ROLES} for them.\n  Scale fewer, or \`export DB_MAX_CONNS=${fits}\` (of one process) and run the command again.`,
  );
}

export function countOf(scale: Scale, name: string): number {
  return scale[name] ?? 1;
}

export function readScale(home: string): Scale {
  return readJson<Scale>(runFile(home, 'scale.json')) ?? {};
}
