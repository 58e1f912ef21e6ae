import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clearPidFile, identify, isAlive, stop } from './processes.ts';
import { type Entry, logFile, type ProcessRecord } from './table.ts';

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 10_000;
const SOUND_AFTER_MS = 10_000;

export type Keeper = { fingerprint: string; leave: AbortController; finished: Promise<void> };
export type Context = { home: string; records: Record<string, ProcessRecord>; save: () => void };

/** Keeps one process running until it is retired; each early death doubles the wait before the next start. */
export function keep(context: Context, spec: Entry): Keeper {
  const leave = new AbortController();
  return { fingerprint: spec.fingerprint, leave, finished: run(context, spec, leave.signal) };
}

export async function retire(context: Context, name: string, keeper: Keeper | undefined): Promise<void> {
  keeper?.leave.abort();
  const record = context.records[name];
  if (record) await stop(record, record.stop.signal, record.stop.withinMs);
  await keeper?.finished;
  delete context.records[name];
  context.save();
}

async function run(context: Context, spec: Entry, leave: AbortSignal): Promise<void> {
  let delayMs = FIRST_DELAY_MS;
  while (!leave.aborted) {
    const startedAt = Date.now();
    const end = await (adopted(context, spec) ?? started(context, spec)).catch(String);
    if (leave.aborted) return;
    if (Date.now() - startedAt > SOUND_AFTER_MS) delayMs = FIRST_DELAY_MS;
    log(`${spec.name} ended (${end}), starts again in ${delayMs} ms`);
    await sleep(delayMs, undefined, { signal: leave }).catch(() => undefined);
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
  }
}

function adopted({ records }: Context, spec: Entry): Promise<string> | undefined {
  const record = records[spec.name];
  if (record === undefined || !isAlive(record)) return undefined;
  return (async () => {
    while (isAlive(record)) await sleep(250);
    return 'was not my child, so unknown';
  })();
}

async function started(context: Context, spec: Entry): Promise<string> {
  if (spec.pidFile) clearPidFile(spec.pidFile.path, spec.pidFile.program);
  const [program, ...args] = spec.command;
  const output = openLog(logFile(context.home, spec.name));
  const child = spawn(program, args, {
    cwd: spec.cwd,
    env: spec.env,
    stdio: ['ignore', output, output],
    ...spec.user,
  });
  closeSync(output);
  const ended = once(child, 'exit');
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity) {
    const previous = context.records[spec.name];
    context.records[spec.name] = {
      ...identity,
      fingerprint: spec.fingerprint,
      stop: spec.stop,
      since: Date.now(),
      restarts: previous ? previous.restarts + 1 : 0,
    };
    context.save();
  }
  const [code, signal] = await ended;
  return String(signal ?? `exit code ${code}`);
}

// Append mode, so that cutting the file down does not leave a hole where the writer goes on.
function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, 'a');
}

function log(text: string): void {
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
}
