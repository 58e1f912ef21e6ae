import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { terminalView } from './follow-logs.ts';

const line = { service: 'tbd-api', level: 30, time: '2025-11-22T06:38:11.153Z', msg: 'ready' };

test('through a pipe the roles’ lines come as they are', async () => {
  const home = mkdtempSync(join(tmpdir(), 'tbd-logs-'));
  for (const folder of ['run', 'logs']) mkdirSync(join(home, folder));
  const table = [
    { name: 'api', roles: ['api'] },
    { name: 'worker', roles: ['bridge', 'worker'] },
    { name: 'kafka', roles: [] },
  ];
  writeFileSync(join(home, 'run', 'table.json'), JSON.stringify(table));
  for (const { name } of table)
    writeFileSync(join(home, 'logs', `${name}.log`), `${JSON.stringify({ ...line, service: name })}\n`);
  const cli = join(import.meta.dirname, 'cli.ts');
  // A group of its own: what it starts ends with it.
  const child = spawn(process.execPath, [cli, 'logs'], {
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '', TBD_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const services: string[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    services.push(JSON.parse(text).service);
    if (services.length === 2) break;
  }
  const ended = once(child, 'exit');
  process.kill(-(child.pid ?? 0));
  await ended;
  rmSync(home, { recursive: true });
  expect(services).toEqual(['api', 'worker']);
});

test('for a person a role’s line is short, and another’s says whose it is', () => {
  const view = terminalView();
  const lines = [
    '==> /x/logs/api.log <==',
    JSON.stringify(line),
    '',
    '==> /x/logs/kafka.log <==',
    'started \u001b[1m',
  ];
  expect(lines.map(view).filter((text) => text !== undefined)).toEqual([
    '06:38:11.153Z INFO  tbd-api ready',
    'kafka started \\u001b[1m',
  ]);
});
