import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { moveMoney, seed } from './accounts.ts';
import { stopAll } from './control.ts';
import { deadLetters } from './dead-letters.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { addresses, roleEnvironment } from './environment.ts';
import { setFaults } from './faults.ts';
import { followLogs } from './follow-logs.ts';
import { locked } from './lock.ts';
import { red, say } from './output.ts';
import { isReady } from './readiness.ts';
import { changeScale, countOf } from './scale.ts';
import { readSettings, type Settings } from './settings.ts';
import { announce, ps } from './show.ts';
import { readTable } from './table.ts';
import { forgetSetUp, type UpOptions, up } from './up.ts';
import { where } from './where.ts';
import { wipe } from './wipe.ts';

const verbs: Record<string, (settings: Settings, args: string[]) => unknown> = {
  up: (settings, args) => start(settings, { partsOnly: args.includes('--parts') }),
  down: (settings) => down(settings),
  clean: async (settings) => {
    await locked(settings.home, () => stopAll(settings.home));
    wipe(settings.home);
    say('data, logs and run files are gone; the downloaded parts stay');
  },
  ps,
  logs: (settings, [name]) => followLogs(settings, name),
  scale: async (settings, args) => {
    const wishes = args
      .map((arg) => arg.split('='))
      .map(([name = '', count = '']) => [name, wholeNumber(name, count)]);
    if (wishes.length === 0) throw new Error('say how many, for example `make scale api=3 worker=3`');
    const scale = changeScale(settings, Object.fromEntries(wishes));
    await start(settings);
    if (countOf(scale, 'relay') > 1)
      say('  one relay sends; another takes over within about a second of its end, and sends no faster');
  },
  demo: async (settings) => {
    await startWhereNeeded(settings);
    await demo(settings);
  },
  seed: async (settings) => {
    await startWhereNeeded(settings);
    await seed(settings);
  },
  e2e: async (settings) => {
    await startWhereNeeded(settings);
    await demo(settings);
    await moveMoney(settings, randomUUID());
  },
  faults: (settings, [preset]) => setFaults(settings, preset),
  dlq: deadLetters,
  where,
  doctor: (settings) => {
    if (!doctor(settings)) process.exitCode = 1;
  },
  env: (settings) => {
    for (const [name, value] of Object.entries(addresses(settings))) say(`export ${name}='${value}'`);
  },
  /** `exec [--up] <file> [argument…]`: a Node program with the stack's addresses in its environment. */
  exec: async (settings, args) => {
    if (args[0] === '--up') await startWhereNeeded(settings);
    if (args.includes('migrate')) forgetSetUp(settings);
    const child = spawn(process.execPath, args[0] === '--up' ? args.slice(1) : args, {
      env: { ...settings.env, ...roleEnvironment(settings), TBD_HOME: settings.home },
      stdio: 'inherit',
    });
    child.on('exit', (code) => {
      process.exitCode = code ?? 1;
    });
  },
};

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text))
    throw new Error(`${name}=${text} is no number of processes; say for example ${name}=2`);
  return Number(text);
}

async function start(settings: Settings, options: UpOptions = {}): Promise<void> {
  const started = Date.now();
  await up(settings, options);
  announce(settings, ((Date.now() - started) / 1000).toFixed(1));
}

async function startWhereNeeded(settings: Settings): Promise<void> {
  const api = readTable(settings.home).find(({ name }) => name === 'api');
  if (api === undefined || !(await isReady(api.ready))) await start(settings);
}

async function down(settings: Settings): Promise<void> {
  await locked(settings.home, () => stopAll(settings.home));
  say('stopped; the data stays');
}

const [verb = '', ...args] = process.argv.slice(2);
process.stdout.on('error', () => undefined); // `make up | head` still brings everything up
try {
  const run = verbs[verb];
  if (run === undefined)
    throw new Error(`${verb || 'nothing'} is not one of ${Object.keys(verbs).join(', ')}`);
  await run(readSettings(process.env), args);
} catch (error) {
  process.stderr.write(`${red('failed')}: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
