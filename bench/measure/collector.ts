import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Takes spans and throws them away, in a process of its own as a collector is. */
export interface Collector extends Disposable {
  readonly pid: number;
  readonly endpoint: string;
  /** Bytes that were sent to it since its start. */
  received(): Promise<number>;
}

export async function openCollector(): Promise<Collector> {
  const child = fork(fileURLToPath(new URL('../load/collector.ts', import.meta.url)));
  const { pid } = child;
  if (pid === undefined) throw new Error('The collector could not be started; is this Node able to fork?');
  const port = await nextNumber(child);
  return {
    pid,
    endpoint: `127.0.0.1:${port}`,
    received: async () => {
      const answer = nextNumber(child);
      child.send('received');
      return answer;
    },
    [Symbol.dispose]: () => void child.kill('SIGTERM'),
  };
}

async function nextNumber(child: ChildProcess): Promise<number> {
  const [number] = await once(child, 'message', { signal: AbortSignal.timeout(30_000) });
  return Number(number);
}
