import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface Running {
  readonly pid: number;
  /** What it has printed so far. */
  readonly output: () => string;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

/** `node src/main.ts <words>` with exactly this environment and what the system needs. */
export function startProgram(words: readonly string[], env: Record<string, string> = {}): Running {
  const started = performance.now();
  const child = spawn(process.execPath, [main, ...words], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  return {
    pid: child.pid ?? 0,
    output: () => stdout,
    kill: (signal) => void child.kill(signal),
    ended: once(child, 'close').then(([code]) => ({ code, stdout, stderr, ms: performance.now() - started })),
  };
}

export function runProgram(words: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return startProgram(words, env).ended;
}
