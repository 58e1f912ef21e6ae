import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { megabytes, progress } from './output.ts';
import { identify } from './processes.ts';
import type { Environment } from './settings.ts';

type Fill = (into: string) => Promise<void>;

const underWay = new Map<string, Promise<string>>();

/** The folder appears whole or not at all, and is made by one caller for all who ask meanwhile. */
export function once(folder: string, label: string, fill: Fill): Promise<string> {
  const made = underWay.get(folder) ?? make(folder, label, fill).finally(() => underWay.delete(folder));
  underWay.set(folder, made);
  return made;
}

/** What was cut off on the way, by a process that is gone, is removed and made again. */
async function make(folder: string, label: string, fill: Fill): Promise<string> {
  if (existsSync(folder)) return folder;
  for (const abandoned of globSync(`${folder}.*.part`)) removeUnlessInWork(abandoned);
  const unfinished = `${folder}.${process.pid}.part`;
  mkdirSync(unfinished, { recursive: true });
  const shown = progress(label, () => megabytes(sizeOf(unfinished)));
  try {
    await fill(unfinished);
    renameSync(unfinished, folder);
    shown.done(megabytes(sizeOf(folder)));
  } catch (error) {
    shown.done('failed');
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

function removeUnlessInWork(unfinished: string): void {
  const pid = Number(unfinished.split('.').at(-2));
  if (pid === process.pid || identify(pid) === undefined)
    rmSync(unfinished, { recursive: true, force: true });
}

/** Runs a tool quietly; what it said is the error's text when it fails. */
export async function run(
  command: string[],
  options: {
    env: Environment;
    cwd?: string;
    user?: { uid: number; gid: number };
    input?: string;
    signal?: AbortSignal;
  },
): Promise<string> {
  const [program = '', ...args] = command;
  const { cwd, env, signal, user } = options;
  const child = spawn(program, args, { cwd, env, signal, ...user });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  );
  if (code === 0) return output;
  throw new Error(
    `${command.slice(0, 4).join(' ')} failed (${code}):\n${output.trim().split('\n').slice(-8).join('\n')}`,
  );
}

async function checksum(file: string, algorithm: 'sha256' | 'sha512'): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

export async function verify(file: string, expected: string, algorithm: 'sha256' | 'sha512'): Promise<void> {
  const actual = await checksum(file, algorithm);
  if (actual === expected) return;
  throw new Error(
    `${file} has ${algorithm} ${actual}, not the pinned ${expected}: refused, nothing was installed`,
  );
}

function sizeOf(folder: string): number {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  } catch {
    return 0; // a file went away while it was counted; this is only a progress line
  }
}
