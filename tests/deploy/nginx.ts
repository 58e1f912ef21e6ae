import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { freePort } from './ports.ts';

const configuration = readFileSync(resolve(import.meta.dirname, '../../deploy/nginx/nginx.conf'), 'utf8');

export interface Balancer extends AsyncDisposable {
  readonly url: string;
  /** The addresses that answered, one per request, oldest first. */
  upstreams: () => string[];
  log: () => string;
}

/** Runs the shipped configuration; only its addresses are those of this machine. */
export async function startNginx(
  nginx: string,
  { dnsPort, apiPort }: { dnsPort: number; apiPort: number },
): Promise<Balancer> {
  const folder = mkdtempSync(join(tmpdir(), 'tbd-nginx-'));
  const port = await freePort();
  const config = replaceAll(configuration, {
    'resolver 127.0.0.11 valid=2s': `resolver 127.0.0.1:${dnsPort} valid=1s`,
    'server api:8080': `server api:${apiPort}`,
    'listen 8080': `listen 127.0.0.1:${port}`,
  });
  writeFileSync(join(folder, 'nginx.conf'), config);
  const log = join(folder, 'log');
  // A file, not a pipe: nginx opens /dev/stdout anew, which Node's pipes refuse.
  const output = openSync(log, 'a');
  const identity = process.getuid?.() === 0 ? 'user root; ' : '';
  const command = `${identity}daemon off; pid ${join(folder, 'pid')};`;
  const child = spawn(
    nginx,
    ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', command],
    {
      stdio: ['ignore', output, output],
    },
  );
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const read = () => readFileSync(log, 'utf8');
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}:\n${read()}`);
    await fetch(url);
  }, 10_000);
  return {
    url,
    upstreams: () => [...read().matchAll(/"upstream":"([^"]*)"/g)].map(([, address = '']) => address),
    log: read,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}

function replaceAll(text: string, replacements: Record<string, string>): string {
  return Object.entries(replacements).reduce((changed, [from, to]) => {
    if (changed.split(from).length !== 2) {
      throw new Error(`deploy/nginx/nginx.conf must have "${from}" once; adapt tests/deploy/nginx.ts`);
    }
    return changed.replace(from, to);
  }, text);
}
