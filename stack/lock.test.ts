import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { claim, locked } from './lock.ts';
import { runFile } from './table.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tbd-lock-'));
  mkdirSync(dirname(lockFile()));
});

afterEach(() => rmSync(home, { recursive: true }));

test.each([
  ['a process that is gone', JSON.stringify({ pid: spawnSync('true').pid, started: 'long ago' })],
  ['a machine that lost its power', ''],
])('the lock of %s is taken over', async (_, text) => {
  writeFileSync(lockFile(), text);
  expect(await locked(home, async () => readdirSync(dirname(lockFile())))).toEqual(['lock']);
  expect(readdirSync(dirname(lockFile()))).toEqual([]);
});

test('of several that meet a stale lock one works at a time', async () => {
  writeFileSync(lockFile(), JSON.stringify({ pid: spawnSync('true').pid, started: 'long ago' }));
  const log = join(home, 'log');
  const script = `
    import { appendFileSync } from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    import { claim, locked } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
    await setTimeout(${Date.now() + 1_000} - Date.now());
    await locked(${JSON.stringify(home)}, async () => {
      appendFileSync(${JSON.stringify(log)}, 'in ');
      await setTimeout(20);
      appendFileSync(${JSON.stringify(log)}, 'out ');
    });`;
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script]),
  );
  expect(await Promise.all(children.map((child) => once(child, 'exit')))).toEqual(Array(4).fill([0, null]));
  expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(4));
});

test('what a process claims is its own until it ends', async () => {
  const path = join(home, 'claimed');
  const script = `
    import { claim } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))};
    console.log(claim(${JSON.stringify(path)}));
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  const [answer] = await once(child.stdout, 'data');
  expect(String(answer)).toBe('true\n');
  expect(claim(path)).toBe(false);
  child.stdin.end();
  await once(child, 'exit');
  expect(claim(path)).toBe(true);
});

const lockFile = () => runFile(home, 'lock');
