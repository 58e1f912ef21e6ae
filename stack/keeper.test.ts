import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { apply, stopAll } from './control.ts';
import { isAlive, send } from './processes.ts';
import {
  type Entry,
  entryOf,
  logFile,
  type ProcessRecord,
  type ProcessSpec,
  readState,
  runFile,
} from './table.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tbd-keeper-'));
});

afterEach(async () => {
  await stopAll(home);
  rmSync(home, { recursive: true, force: true });
});

test('a process that is killed comes back', async () => {
  await apply(home, [sleeper('one')], process.pid);
  const first = await until(() => record('one'));
  send(first, 'SIGKILL');
  const second = await until(() => another('one', first));
  expect(second.restarts).toBe(1);
});

test('a process that dies at once is started again with growing pauses', async () => {
  await apply(home, [sleeper('one', { command: [process.execPath, '-e', 'process.exit(3)'] })], process.pid);
  await until(() => (readLog().match(/starts again/g)?.length ?? 0) >= 3);
  expect(readLog()).toMatch(/exit code 3.*in 200 ms[\s\S]*in 400 ms[\s\S]*in 800 ms/);
});

test('a supervisor that was killed leaves its processes to the next one, which does not start them twice', async () => {
  await apply(home, [sleeper('one')], process.pid);
  const before = await until(() => record('one'));
  const supervisor = await until(() => readState(home)?.supervisor);
  send(supervisor, 'SIGKILL');
  await until(() => !isAlive(supervisor));
  await apply(home, [sleeper('one')], process.pid);
  expect(record('one')).toEqual(before);
  expect(isAlive(before)).toBe(true);
});

test('only the process whose specification changed is restarted', async () => {
  await apply(home, [sleeper('one'), sleeper('two')], process.pid);
  const [one, two] = [await until(() => record('one')), await until(() => record('two'))];
  await apply(home, [sleeper('one'), sleeper('two', { contents: 'edited' })], process.pid);
  await until(() => another('two', two));
  expect(record('one')).toEqual(one);
  expect(isAlive(two)).toBe(false);
});

test('a pid file that now names a stranger is removed and the stranger lives', async () => {
  const path = join(home, 'postmaster.pid');
  writeFileSync(path, `${process.pid}\n`);
  await apply(home, [sleeper('one', { pidFile: { path, program: 'postgres' } })], process.pid);
  await until(() => record('one'));
  expect(() => readFileSync(path)).toThrow('ENOENT');
});

test('a recorded pid that has passed to another process is not stopped', async () => {
  await apply(home, [sleeper('one')], process.pid);
  const stranger = { ...(await until(() => record('one'))), started: 'long ago' };
  expect(isAlive(stranger)).toBe(false);
  send(stranger, 'SIGKILL');
  await sleep(100);
  expect(isAlive(await until(() => record('one')))).toBe(true);
  expect(record('one')?.restarts).toBe(0);
});

test('everything ends when the owner is gone', async () => {
  await apply(home, [sleeper('owner')], process.pid);
  const owner = await until(() => record('owner'));
  const other = mkdtempSync(join(tmpdir(), 'tbd-owned-'));
  await apply(other, [sleeper('one')], owner.pid);
  const one = await until(() => readState(other)?.processes.one);
  await apply(home, [], process.pid);
  await until(() => !isAlive(one) && readState(other) === undefined);
  rmSync(other, { recursive: true });
});

test('everything ends in order when the home is removed under it', async () => {
  const { pid } = process;
  // Outlives SIGTERM until the supervisor has looked at the logs, which it does every 5 s.
  const command = "process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000)";
  const stubborn = sleeper('one', {
    command: [process.execPath, '-e', command],
    stop: { stage: 'role', signal: 'SIGTERM', withinMs: 5_500 },
  });
  await apply(home, [stubborn, sleeper('two', { stop: { ...stubborn.stop, stage: 'postgres' } })], pid);
  const [one, two] = [await until(() => record('one')), await until(() => record('two'))];
  const supervisor = await until(() => readState(home)?.supervisor);
  rmSync(home, { recursive: true });
  await until(() => !isAlive(supervisor));
  expect([isAlive(one), isAlive(two)]).toEqual([false, false]);
}, 20_000);

function sleeper(name: string, changes: Partial<ProcessSpec> = {}): Entry {
  return entryOf({
    name,
    roles: [],
    command: [process.execPath, '-e', 'setInterval(() => undefined, 1000)'],
    env: {},
    cwd: home,
    ports: {},
    ready: { kind: 'http', url: 'http://127.0.0.1:1' },
    stop: { stage: 'role', signal: 'SIGTERM', withinMs: 5_000 },
    contents: '',
    ...changes,
  });
}

const record = (name: string) => readState(home)?.processes[name];
const readLog = () => readFileSync(logFile(home, 'supervisor'), 'utf8');

function another(name: string, previous: ProcessRecord): ProcessRecord | undefined {
  const current = record(name);
  return current && current.pid !== previous.pid && isAlive(current) ? current : undefined;
}

async function until<T>(condition: () => T | undefined | false): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const value = condition();
    if (value) return value;
    if (Date.now() > deadline)
      throw new Error(`still not so after 15 s: ${condition}; see ${runFile(home, '')}`);
    await sleep(20);
  }
}
