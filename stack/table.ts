import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Identity } from './processes.ts';
import type { Readiness } from './readiness.ts';

/** What `up` wants to run. The supervisor makes it so. */
export type ProcessSpec = {
  name: string;
  roles: string[];
  command: [string, ...string[]];
  env: Record<string, string>;
  cwd: string;
  user?: { uid: number; gid: number };
  ports: Record<string, number>;
  ready: Readiness;
  stop: { stage: Stage; signal: NodeJS.Signals; withinMs: number };
  /** A pid file that blocks the start when its pid has passed to another program. */
  pidFile?: { path: string; program: string };
  /** Hash of the sources or configuration that the command does not show. */
  contents: string;
};

/** A row of table.json. `up` alone computes the fingerprint, so an older supervisor still agrees with it. */
export type Entry = ProcessSpec & { fingerprint: string };

/** Stopped in this order: a role must find its parts alive while it drains. */
export const STAGES = ['role', 'temporal', 'kafka', 'redis', 'postgres'] as const;
type Stage = (typeof STAGES)[number];

/** What runs. Written by the supervisor alone. */
export type ProcessRecord = Identity & {
  fingerprint: string;
  stop: ProcessSpec['stop'];
  since: number;
  restarts: number;
};
export type State = { supervisor: Identity; processes: Record<string, ProcessRecord> };

export const logFile = (home: string, name: string) => join(home, 'logs', `${name}.log`);
export const runFile = (home: string, name: string) => join(home, 'run', name);

export function entryOf(spec: ProcessSpec): Entry {
  // Sorted, because make hands the same environment over in ever another order.
  const text = JSON.stringify({ ...spec, env: Object.entries(spec.env).sort() });
  return { ...spec, fingerprint: createHash('sha256').update(text).digest('hex').slice(0, 16) };
}

export function readTable(home: string): Entry[] {
  return readJson<Entry[]>(runFile(home, 'table.json')) ?? [];
}

export function writeTable(home: string, entries: Entry[]): void {
  writeWhole(runFile(home, 'table.json'), JSON.stringify(entries, null, 2));
}

export function readState(home: string): State | undefined {
  return readJson<State>(runFile(home, 'state.json'));
}

export function writeState(home: string, state: State): void {
  writeWhole(runFile(home, 'state.json'), JSON.stringify(state, null, 2));
}

export function forgetState(home: string): void {
  rmSync(runFile(home, 'state.json'), { force: true });
}

/** Readers see the old text or the new one, never half; the password of the database is inside. */
export function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp`, text, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T; // only this program writes these files
  } catch {
    return undefined;
  }
}
