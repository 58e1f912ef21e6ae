import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Block, longestMs, type Outcome } from '../load/block.ts';
import type { Report } from '../load/serve.ts';
import { type CpuMs, readCpu, since, type Trees } from './cpu.ts';

export interface Measured extends Outcome {
  /** CPU of each tree within the measured time. */
  readonly cpu: CpuMs;
}

/** A load program in a process of its own, so that its CPU can be told from that of what it loads. */
export interface Program extends Disposable {
  readonly pid: number;
  run(unit: string, block: Block, trees: Trees): Promise<Measured>;
}

const readyMs = 60_000;

/** `file` is relative to bench/load. */
export async function openProgram(file: string, env: Readonly<Record<string, string>>): Promise<Program> {
  const path = fileURLToPath(new URL(`../load/${file}`, import.meta.url));
  const child = fork(path, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} could not be started; is this Node able to fork?`);
  await next(child, file, 'ready', readyMs);
  return {
    pid,
    run: async (unit, block, trees) => {
      const last = next(child, file, 'drained', longestMs(block) + 30_000);
      const marks = (at: 'begin' | 'end') => next(child, file, at, block.warmUpMs + block.measureMs + 10_000);
      const cpu = marks('begin').then(async () => {
        const before = readCpu(trees);
        await marks('end');
        return since(before, readCpu(trees));
      });
      child.send({ unit, block });
      const [{ outcome }, used] = await Promise.all([last, cpu]);
      return { ...outcome, cpu: used };
    },
    [Symbol.dispose]: () => void child.kill('SIGTERM'),
  };
}

/** Resolves with the child's next report of that kind; a failure or an end in between rejects. */
function next<At extends Report['at']>(
  child: ChildProcess,
  file: string,
  at: At,
  withinMs: number,
): Promise<Extract<Report, { at: At }>> {
  const { promise, resolve, reject } = Promise.withResolvers<Extract<Report, { at: At }>>();
  const onReport = (report: Report): void => {
    // The union's member with this very tag; TypeScript does not narrow by a type parameter.
    if (report.at === at) resolve(report as Extract<Report, { at: At }>);
    if (report.at === 'failed') reject(new Error(`${file}: ${report.error}`));
  };
  const onExit = (code: number | null): void => reject(new Error(`${file} ended with ${code}; see above`));
  const late = setTimeout(() => reject(new Error(`${file} did not report "${at}" in time`)), withinMs);
  child.on('message', onReport).on('exit', onExit);
  return promise.finally(() => {
    clearTimeout(late);
    child.off('message', onReport).off('exit', onExit);
  });
}
