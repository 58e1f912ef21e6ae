import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { say } from '../stack/output.ts';
import { obtain } from '../stack/parts/source.ts';
import { readSettings } from '../stack/settings.ts';
import { reportBacklog } from './backlog.ts';
import { measureCapacity } from './capacity.ts';
import { k6Sources } from './k6.ts';

// node loadtest/run.ts <profile> [k6 options]
const profiles: Record<string, string> = {
  orders: 'orders.js',
  load: 'load.ts',
  'load-heavy': 'load-heavy.ts',
  'load-stress': 'load-stress.ts',
  'load-spike': 'load-spike.ts',
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

async function main([profile = 'orders', ...options]: string[]): Promise<number> {
  const script = profiles[profile];
  if (script === undefined) {
    throw new Error(`There is no load "${profile}"; take one of ${Object.keys(profiles).join(', ')}.`);
  }
  const settings = readSettings(process.env);
  const apiUrl = process.env.API_URL || `http://127.0.0.1:${settings.ports.API_PORT}`;
  await reachable(apiUrl);
  const k6 = await obtain('k6', k6Sources, settings);
  const env: NodeJS.ProcessEnv = { ...process.env, API_URL: apiUrl };
  if (profile === 'load-spike') env.RATE ??= await spikeRate(apiUrl);
  const code = await runK6(k6, [...options, join(import.meta.dirname, script)], env);
  await reportBacklog(apiUrl);
  return code;
}

async function reachable(apiUrl: string): Promise<void> {
  const answer = await fetch(`${apiUrl}/healthz`, { signal: AbortSignal.timeout(5_000) }).catch(
    () => undefined,
  );
  if (answer?.ok !== true) {
    throw new Error(`No api answers at ${apiUrl}; run \`make up\` first, or set API_URL.`);
  }
}

async function spikeRate(apiUrl: string): Promise<string> {
  const capacity = await measureCapacity(apiUrl);
  const rate = Math.max(10, Math.round(capacity * 10));
  say(
    `Capacity: ${capacity.toFixed(0)} orders/s completed in a short burst; the spike sends ${rate} a second.`,
  );
  return String(rate);
}

async function runK6(k6: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  // No usage report: nothing leaves this machine. No control port: two runs may go on side by side.
  const always = ['run', '--no-usage-report', '--address', ''];
  const quiet = process.stdout.isTTY ? [] : ['--quiet'];
  const child = spawn(k6, [...always, ...quiet, ...args], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = await once(child, 'exit');
  return typeof code === 'number' ? code : 1;
}
