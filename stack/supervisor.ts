// A detached process that keeps what table.json names running: `node supervisor.ts <home> [<pid of the owner>]`.
import { existsSync } from 'node:fs';
import { type Keeper, keep, retire } from './keeper.ts';
import { boundLogs } from './logs.ts';
import { identify, isAlive } from './processes.ts';
import {
  forgetState,
  readState,
  readTable,
  runFile,
  STAGES,
  type State,
  writeState,
  writeTable,
} from './table.ts';

const [home = '', owner] = process.argv.slice(2);
const self = identify(process.pid);
const former = readState(home);
if (self === undefined || (former && isAlive(former.supervisor))) process.exit(0);

// A supervisor that was killed left its processes running: the recorded ones are taken back, not started twice.
const state: State = { supervisor: self, processes: former?.processes ?? {} };
const keepers = new Map<string, Keeper>();
const save = () => attempt(() => writeState(home, state));
const context = { home, records: state.processes, save };
let work: Promise<unknown> = Promise.resolve();

process.on('SIGHUP', () => {
  work = work.then(reconcile).catch(report);
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void shutDown());
setInterval(() => attempt(() => boundLogs(home)), 5_000);
setInterval(() => {
  if (!existsSync(runFile(home, 'state.json'))) void shutDown(); // its home was removed: nobody could stop it later
}, 1_000);
if (owner) watch(Number(owner));
work = reconcile().catch(report);
save();

async function reconcile(): Promise<void> {
  const wanted = new Map(readTable(home).map((spec) => [spec.name, spec]));
  const names = new Set([...wanted.keys(), ...keepers.keys(), ...Object.keys(state.processes)]);
  await Promise.all(
    [...names].map(async (name) => {
      const spec = wanted.get(name);
      const running = keepers.get(name)?.fingerprint ?? state.processes[name]?.fingerprint;
      if (running !== undefined && running !== spec?.fingerprint) await drop(name);
      if (spec && !keepers.has(name)) keepers.set(name, keep(context, spec));
    }),
  );
}

async function drop(name: string): Promise<void> {
  await retire(context, name, keepers.get(name));
  keepers.delete(name);
}

let shuttingDown = false;
async function shutDown(): Promise<void> {
  if (shuttingDown) return;
  shuttingDown = true;
  await work;
  attempt(() => writeTable(home, []));
  for (const stage of STAGES) {
    const names = Object.keys(state.processes).filter((name) => state.processes[name]?.stop.stage === stage);
    await Promise.all(names.map((name) => drop(name).catch(report)));
  }
  attempt(() => forgetState(home));
  process.exit(0);
}

// Its home may be removed or its disk full at any moment; whoever runs must still be stopped in order.
function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    report(error);
  }
}

function report(error: unknown): void {
  process.stdout.write(`${new Date().toISOString()} ${error instanceof Error ? error.message : error}\n`);
}

function watch(pid: number): void {
  const identity = identify(pid);
  setInterval(() => {
    if (identity === undefined || !isAlive(identity)) void shutDown();
  }, 500);
}
