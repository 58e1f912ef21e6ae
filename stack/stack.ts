import { stopAll, untilReady } from './control.ts';
import { addresses } from './environment.ts';
import { locked } from './lock.ts';
import { obtain } from './parts/source.ts';
import { temporalSources, testServerSources } from './parts/temporal.ts';
import { freePorts } from './ports.ts';
import { isAlive, send, untilGone } from './processes.ts';
import { type Environment, readSettings } from './settings.ts';
import { readState, readTable } from './table.ts';
import { up } from './up.ts';

type RunningProcess = { name: string; pid: number; roles: string[]; metricsPort: number | undefined };

/** A running stack, as tests see it. */
export type Stack = AsyncDisposable & {
  home: string;
  processes: () => RunningProcess[];
  /** Returns once the process has taken a deadly signal's consequence; the supervisor then starts it again. */
  kill: (name: string, signal?: NodeJS.Signals) => Promise<void>;
  untilReady: (name: string) => Promise<void>;
  stop: () => Promise<void>;
};

type StackRequest = {
  home: string;
  /** `free` picks ports nobody uses, so that several stacks run side by side. */
  ports?: 'free';
  env?: Environment;
  partsOnly?: boolean;
};

/** Starts a stack that ends with this process, however this process ends. `env` says where clients find it. */
export async function startStack({
  home,
  ports,
  env = {},
  partsOnly = false,
}: StackRequest): Promise<Stack & { env: Record<string, string> }> {
  const chosen = ports === 'free' ? await freePorts() : {};
  const asText = Object.fromEntries(Object.entries(chosen).map(([name, port]) => [name, String(port)]));
  const settings = readSettings({ ...process.env, ...asText, ...env, TBD_HOME: home });
  const [temporalCli, testServer] = await Promise.all([
    obtain('Temporal', temporalSources, settings),
    // Without it the tests that skip time are skipped themselves, which fails a run with CI=true.
    obtain('Temporal test server', testServerSources, settings).catch(() => ''),
    up(settings, { partsOnly, owner: process.pid }),
  ]);
  const known = { TBD_HOME: settings.home, TEMPORAL_CLI: temporalCli, TEMPORAL_TEST_SERVER: testServer };
  return { ...openStack(settings.home), env: { ...addresses(settings), ...known } };
}

/** The stack that runs under this home; a test file opens what the run's global setup started. */
export function openStack(home: string): Stack {
  const stop = () => locked(home, () => stopAll(home));
  return {
    home,
    processes: () => running(home),
    kill: async (name, signal = 'SIGKILL') => {
      const record = readState(home)?.processes[name];
      if (record === undefined || !isAlive(record))
        throw new Error(`${name} does not run; \`make ps\` lists what does`);
      send(record, signal);
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') return;
      if (!(await untilGone(record, 60_000)))
        throw new Error(`${name} outlived ${signal} by a minute; see its log`);
    },
    untilReady: async (name) => {
      const spec = readTable(home).find((one) => one.name === name);
      if (spec === undefined) throw new Error(`the stack has no process ${name}; \`make ps\` lists them`);
      await untilReady(home, spec);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function running(home: string): RunningProcess[] {
  const processes = readState(home)?.processes ?? {};
  return readTable(home).flatMap(({ name, roles, ports }) => {
    const record = processes[name];
    return record && isAlive(record)
      ? [{ name, pid: record.pid, roles, metricsPort: ports.METRICS_PORT }]
      : [];
  });
}
