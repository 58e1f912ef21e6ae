import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { redisOptions, redisSources } from '../../stack/parts/redis.ts';
import { obtain } from '../../stack/parts/source.ts';
import { isReady } from '../../stack/readiness.ts';
import { readSettings } from '../../stack/settings.ts';
import { freePort } from '../deploy/ports.ts';
import { eventually } from './eventually.ts';

export interface TestRedis extends AsyncDisposable {
  readonly address: string;
  readonly pid: () => number;
  /** SIGKILL; what was acknowledged is in its file. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  hang(): void;
  goOn(): void;
  /** Sends one command by itself. */
  command(...words: string[]): Promise<unknown>;
}

/** The server that the local stack starts, for one test file. */
export async function startRedis(): Promise<TestRedis> {
  const server = await obtain('Redis', redisSources, readSettings(process.env));
  const folder = mkdtempSync(join(tmpdir(), 'tbd-redis-'));
  const port = await freePort();
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = spawn(server, redisOptions({ port, folder }), { stdio: 'ignore' });
    await eventually(async () => {
      if (!(await isReady({ kind: 'redis', port, password: '' }))) throw new Error('Redis does not answer');
    }, 30_000);
  }

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  await start();
  return {
    address: `127.0.0.1:${port}`,
    pid: () => child.pid ?? 0,
    kill,
    start,
    hang: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
    command: async (...words) => {
      const client = await createClient({ socket: { host: '127.0.0.1', port } }).connect();
      const answer = await client.sendCommand(words);
      client.destroy();
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}
