import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from './logs.ts';
import { isAlive, send, stop, untilGone } from './processes.ts';
import { isReady } from './readiness.ts';
import { CHECKOUT } from './settings.ts';
import { type Entry, forgetState, logFile, readState, STAGES, writeTable } from './table.ts';
import { writeTargets } from './targets.ts';

const READY_WITHIN_MS = 90_000;
const GIVE_UP_AFTER_RESTARTS = 3;

/** Makes the supervisor run exactly these processes. With an owner it stops them all when that process is gone. */
export async function apply(home: string, entries: Entry[], owner?: number): Promise<void> {
  writeTable(home, entries);
  writeTargets(home, entries);
  const supervisor = readState(home)?.supervisor;
  if (supervisor && isAlive(supervisor)) return send(supervisor, 'SIGHUP');
  const log = logFile(home, 'supervisor');
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a');
  const args = [join(import.meta.dirname, 'supervisor.ts'), home, ...(owner ? [String(owner)] : [])];
  const child = spawn(process.execPath, args, {
    cwd: CHECKOUT,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  child.unref();
  const deadline = Date.now() + 10_000;
  while (readState(home)?.supervisor.pid !== child.pid) {
    if (Date.now() > deadline) throw new Error(`the supervisor did not start; see ${log}`);
    await sleep(20);
  }
}

export async function untilReady(home: string, entry: Entry): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  let restartsBefore: number | undefined;
  for (;;) {
    const record = readState(home)?.processes[entry.name];
    if (record?.fingerprint === entry.fingerprint) {
      restartsBefore ??= record.restarts;
      if (isAlive(record) && (await isReady(entry.ready))) return;
      if (record.restarts - restartsBefore >= GIVE_UP_AFTER_RESTARTS)
        throw notReady(home, entry, 'ends again and again');
    }
    if (Date.now() > deadline) throw notReady(home, entry, `is not ready after ${READY_WITHIN_MS / 1000} s`);
    await sleep(100);
  }
}

export async function stopAll(home: string): Promise<void> {
  const state = readState(home);
  if (state === undefined) return;
  if (isAlive(state.supervisor)) {
    send(state.supervisor, 'SIGTERM');
    if (!(await untilGone(state.supervisor, 120_000)))
      throw new Error(
        `the supervisor, pid ${state.supervisor.pid}, does not end; see ${logFile(home, 'supervisor')}`,
      );
    return;
  }
  // The supervisor was killed: its records say what to stop.
  for (const stage of STAGES) {
    const records = Object.values(state.processes).filter((record) => record.stop.stage === stage);
    await Promise.all(records.map((record) => stop(record, record.stop.signal, record.stop.withinMs)));
  }
  writeTable(home, []);
  forgetState(home);
}

function notReady(home: string, entry: Entry, what: string): Error {
  const log = logFile(home, entry.name);
  const lines = lastLines(log, 15).map((line) => `    ${line}`);
  return new Error(
    `${entry.name} ${what}. The end of ${log}:\n${lines.join('\n')}\n  Mend the cause and run the command again; what runs goes on running.`,
  );
}
