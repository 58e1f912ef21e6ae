import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';
import { say } from './output.ts';
import { type Identity, identify, isAlive } from './processes.ts';
import { runFile } from './table.ts';

/** One `up`, `down` or `scale` at a time for each home. */
export async function locked<T>(home: string, work: () => Promise<T>): Promise<T> {
  const path = runFile(home, 'lock');
  mkdirSync(dirname(path), { recursive: true });
  const deadline = Date.now() + 180_000;
  let told = false;
  while (!take(path)) {
    const holder = holderOf(path);
    if (Date.now() > deadline)
      throw new Error(
        `process ${holder?.pid ?? '?'} works on ${home} for minutes; end it, or remove ${path}* when it is gone, and try again`,
      );
    if (holder && !isAlive(holder)) removeStale(path);
    else if (holder && !told) {
      say(`  waiting for process ${holder.pid}, which works on ${home}`);
      told = true;
    }
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Takes what `path` stands for until this process ends; false when a living process has it. */
export function claim(path: string): boolean {
  if (take(path)) return true;
  const holder = holderOf(path);
  if (holder && !isAlive(holder)) removeStale(path);
  return take(path);
}

// Linked into place, so that nobody ever reads a lock without its holder.
function take(path: string): boolean {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(identify(process.pid)));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (isNativeError(error) && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

// One at a time and with a second look: of two that saw the same stale lock the slower would remove the faster one's.
function removeStale(path: string): void {
  const claim = `${path}.stale`;
  if (!take(claim)) return;
  const holder = holderOf(path);
  if (holder && !isAlive(holder)) rmSync(path, { force: true });
  rmSync(claim, { force: true });
}

function holderOf(path: string): Identity | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined; // given back in this moment
  }
  try {
    return JSON.parse(text) as Identity; // only this program writes it
  } catch {
    return { pid: 0, started: 'never' }; // the machine lost its power before the text was on the disk
  }
}
