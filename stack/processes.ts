import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A pid alone may by now belong to somebody else: a process is its pid and its start. */
export type Identity = { pid: number; started: string };

export function identify(pid: number): Identity | undefined {
  const started = process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive(process: Identity): boolean {
  return identify(process.pid)?.started === process.started;
}

export function send(target: Identity, signal: NodeJS.Signals): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

export async function untilGone(target: Identity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isAlive(target)) {
    if (Date.now() > deadline) return false;
    await sleep(50);
  }
  return true;
}

export async function stop(target: Identity, signal: NodeJS.Signals, withinMs: number): Promise<void> {
  send(target, signal);
  if (await untilGone(target, withinMs)) return;
  send(target, 'SIGKILL');
  await untilGone(target, 10_000);
}

function startFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command, field 2, may hold spaces and brackets: count from its closing bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    return state === 'Z' || state === 'X' ? undefined : `${bootId()}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

// Field 22 counts from boot, so after a reboot it alone could name another process.
function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function startFromPs(pid: number): string | undefined {
  try {
    const output = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
    }).trim();
    return output === '' || output.startsWith('Z') ? undefined : output.split(/\s+/).slice(1).join(' ');
  } catch {
    return undefined;
  }
}

/** A pid left behind by a kill or a reboot may now name a stranger; then the file is in the way. */
export function clearPidFile(path: string, program: string): void {
  if (!existsSync(path)) return;
  const pid = Number(readFileSync(path, 'utf8').split('\n')[0]);
  if (identify(pid) === undefined || programOf(pid) !== program) rmSync(path, { force: true });
}

function programOf(pid: number): string {
  if (process.platform === 'linux') return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  return basename(execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).trim());
}
