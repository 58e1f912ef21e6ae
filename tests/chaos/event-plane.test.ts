import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '../../stack/ports.ts';
import { startStack } from '../../stack/stack.ts';
import { createApi } from '../acceptance/outside/api.ts';
import { inParallel } from '../acceptance/outside/in-parallel.ts';
import { bridgeGroup, openSystem, type System } from '../acceptance/outside/system.ts';
import { eventually } from '../support/eventually.ts';
import { nothingGiven, removeHome, temporaryHome } from '../support/own-stack.ts';
import { startProgram } from '../support/program.ts';
import { type Clients, countAccepted, startClients } from './clients.ts';
import { evidenceOf } from './evidence.ts';
import { openJournal } from './journal.ts';
import { untilSettled } from './settled.ts';

// The stated lengths: two minutes of joining and leaving, three of each outage.
const isLong = process.env.TBD_LONG === 'true';
const joins = isLong ? 12 : 1;
const stayMs = isLong ? 5_000 : 1_000;
const outageMs = 180_000;
const settledWithinMs = 120_000;

const journal = openJournal();
const gather = evidenceOf(journal);

let home: string;
let stack: Awaited<ReturnType<typeof startStack>>;
let system: System;
let clients: Clients;

beforeAll(async () => {
  home = temporaryHome();
  stack = await startStack({ home, ports: 'free', env: nothingGiven });
  system = await openSystem(stack.env);
}, 120_000);

afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await stack?.stop();
  removeHome(home);
}, 60_000);

beforeEach(async () => {
  clients = startClients(createApi(stack.env.API_URL ?? ''), journal, isLong ? 2 * outageMs : undefined);
  await clients.untilAccepted(10);
}, 60_000);

afterEach(() => clients.stop(), isLong ? 2 * outageMs : 130_000);

async function settled(): Promise<void> {
  await clients.stop();
  await untilSettled(stack.env, gather, settledWithinMs);
}

/** A bridge beside that of the stack, ready when this resolves. */
async function startBridge(more: Readonly<Record<string, string>> = {}) {
  const { METRICS_PORT } = await freePorts();
  const program = startProgram(['bridge'], { ...stack.env, METRICS_PORT: String(METRICS_PORT), ...more });
  await eventually(async () => {
    const answer = await fetch(`http://127.0.0.1:${METRICS_PORT}/readyz`).catch(() => undefined);
    if (answer?.status !== 200)
      throw new Error(`the second bridge is not ready: ${program.output().slice(-500)}`);
  }, 60_000);
  return program;
}

test(
  'a second bridge joins and leaves under load: nothing is lost and nothing done twice',
  async () => {
    for (let round = 0; round < joins; round += 1) {
      const second = await startBridge();
      await pause(stayMs);
      // Half of them without a word: their partitions come back when their session ends.
      second.kill(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
      await second.ended;
      await pause(stayMs);
    }
    await clients.untilAccepted(10);
    await settled();
  },
  joins * 60_000 + 2 * settledWithinMs,
);

test('all of the topic is read again after its runs were deleted: no new effect', async () => {
  await settled();
  const before = await gather(system);
  const closed = before.runs.map(({ workflowId }) => workflowId);
  await inParallel({ count: closed.length, limit: 4 }, (at) => system.runs.forget(closed[at] ?? ''));
  const group = 'from-the-beginning';
  const again = await startBridge({ KAFKA_CONSUMER_GROUP: group });
  await eventually(
    async () => expect(await system.events.lag(group, 'order.created')).toBe(0),
    settledWithinMs,
  );
  again.kill('SIGTERM');
  await again.ended;
  // Every record has begun a run anew, and each run has ended.
  await eventually(async () => {
    const runs = await system.runs.list('WorkflowType="processOrder" AND ExecutionStatus!="Running"');
    expect(new Set(runs.map(({ workflowId }) => workflowId))).toEqual(new Set(closed));
  }, settledWithinMs);
  const after = await gather(system);
  expect(after.orders).toEqual(before.orders);
  expect(after.movements).toEqual(before.movements);
  expect(after.records.map(({ topic, id }) => `${topic} ${id}`).toSorted()).toEqual(
    before.records.map(({ topic, id }) => `${topic} ${id}`).toSorted(),
  );
  expect(after.left).toEqual({ unsent: 0, lag: 0, deadLetters: 0 });
}, 300_000);

if (isLong) {
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
}

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
