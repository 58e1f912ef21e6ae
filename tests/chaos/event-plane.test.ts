import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { startStack } from '../../stack/stack.ts';
import { createApi } from '../acceptance/outside/api.ts';
import { bridgeGroup } from '../acceptance/outside/system.ts';
import { nothingGiven, removeHome, temporaryHome } from '../support/own-stack.ts';
import { type Clients, countAccepted, startClients } from './clients.ts';
import { evidenceOf } from './evidence.ts';
import { openJournal } from './journal.ts';
import { untilSettled } from './settled.ts';

const outageMs = 180_000;
const settledWithinMs = 120_000;

const journal = openJournal();
const gather = evidenceOf(journal);

let home: string;
let stack: Awaited<ReturnType<typeof startStack>>;
let clients: Clients;

beforeAll(async () => {
  home = temporaryHome();
  stack = await startStack({ home, ports: 'free', env: nothingGiven });
}, 120_000);

afterAll(async () => {
  await stack?.stop();
  removeHome(home);
}, 60_000);

beforeEach(async () => {
  clients = startClients(createApi(stack.env.API_URL ?? ''), journal, 2 * outageMs);
  await clients.untilAccepted(10);
}, 60_000);

afterEach(() => clients.stop(), 2 * outageMs);

async function settled(): Promise<void> {
  await clients.stop();
  await untilSettled(stack.env, gather, settledWithinMs);
}

test.each(['temporal', 'postgres', 'kafka'])(
  'three minutes without %s under load: nothing is set aside, no member leaves, and all is made up by itself',
  async (part) => {
    await clients.untilAccepted(50);
    const joinsBefore = await joinsOf(bridgeGroup);
    const acceptedBefore = countAccepted(journal);
    using standstill = frozen(part);
    await pause(outageMs);
    const acceptedMeanwhile = countAccepted(journal) - acceptedBefore;
    standstill[Symbol.dispose]();
    // Orders are taken as long as Postgres takes them.
    if (part !== 'postgres') expect(acceptedMeanwhile).toBeGreaterThan(100);
    // Kafka's sessions end while it stands still itself.
    if (part !== 'kafka') expect(await joinsOf(bridgeGroup)).toBe(joinsBefore);
    await clients.untilAccepted(10);
    await settled();
  },
  outageMs + 3 * settledWithinMs,
);

/** How often the bridge's consumer was given its partitions. */
async function joinsOf(group: string): Promise<number> {
  const port = stack.processes().find(({ name }) => name === 'worker')?.metricsPort;
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`consumer_group_joins_total{group="${group}"}`));
  return Number(line?.split(' ').at(-1));
}

/** The process and its children stand still until disposed: they take connections and give no answers. */
function frozen(name: string): Disposable {
  const pid = stack.processes().find((one) => one.name === name)?.pid ?? 0;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean);
  const pids = [pid, ...children.map(Number)];
  const tell = (signal: NodeJS.Signals) => {
    for (const one of pids) {
      try {
        process.kill(one, signal);
      } catch {
        // A backend that has ended meanwhile.
      }
    }
  };
  tell('SIGSTOP');
  return { [Symbol.dispose]: () => tell('SIGCONT') };
}
