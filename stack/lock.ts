import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './output.ts';
import { type Identity, identify, isAlive } from './processes.ts';
import { readJson, runFile } from './table.ts';

/** One `up`, `down` or `scale` at a time for each home. */
export async function locked<T>(home: string, work: () => Promise<T>): Promise<T> {
  const path = runFile(home, 'lock');
  mkdirSync(dirname(path), { recursive: true });
  const deadline = Date.now() + 180_000;
  let told = false;
  while (!tryLock(path)) {
    const holder = readJson<Identity>(path);
    if (holder === undefined || !isAlive(holder)) rmSync(path, { force: true });
    else if (Date.now() > deadline)
      throw new Error(`process ${holder.pid} works on ${home} for minutes; end it and try again`);
    else if (!told) say(`  waiting for process ${holder.pid}, which works on ${home}`);
    told = true;
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path: string): boolean {
  try {
    writeFileSync(path, JSON.stringify(identify(process.pid)), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}
