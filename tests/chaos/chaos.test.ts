import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePorts } from '../../stack/ports.ts';
import { startStack } from '../../stack/stack.ts';
import { createApi } from '../acceptance/outside/api.ts';
import { createLedger } from '../acceptance/outside/ledger.ts';
import { openSystem } from '../acceptance/outside/system.ts';
import { nothingGiven, removeHome, temporaryHome } from '../support/own-stack.ts';
import { type Bank, openBank } from './bank.ts';
import { changedItsMind, raceCancels } from './cancel-races.ts';
import { type Clients, startClients } from './clients.ts';
import { evidenceOf } from './evidence.ts';
import { openJournal } from './journal.ts';
import { readAgain } from './read-again.ts';
import { startBridge } from './second-bridge.ts';
import { untilSettled } from './settled.ts';

const roles = ['api', 'relay', 'worker', 'payment'];
const parts = ['postgres', 'kafka', 'temporal'];
// The stated form of these faults kills again and again, at other moments each time.
const isLong = process.env.TBD_LONG === 'true';
const rounds = isLong ? 10 : 1;
const joins = isLong ? 12 : 1;
const stayMs = isLong ? 5_000 : 1_000;
const races = isLong ? 1_000 : 100;
// Longer than any session there is: what comes back is a stranger to its group.
const standStillMs = 45_000;
const settledWithinMs = 60_000;
const roundMs = 90_000;

// An order that was refused may come back after twice the breaker's time, and what a killed bridge had after the session's.
const env = { ...nothingGiven, CIRCUIT_BREAKER_TIMEOUT: '5s', KAFKA_SESSION_TIMEOUT: '8s' };
const journal = openJournal();
const gather = evidenceOf(journal);

let home: string;
let ports: Record<string, string>;
let stack: Awaited<ReturnType<typeof startStack>>;
let clients: Clients;
let bank: Bank;

// Kills would disturb everybody else: this stack is its own, on ports that stay the same when it starts again.
beforeAll(async () => {
  home = temporaryHome();
  ports = Object.fromEntries(Object.entries(await freePorts()).map(([name, port]) => [name, String(port)]));
  stack = await start();
  bank = await openBank(createLedger(createApi(stack.env.API_URL ?? '')), 7);
}, 120_000);

afterAll(async () => {
  await stack?.stop();
  removeHome(home);
}, 60_000);

beforeEach(async () => {
  clients = startClients(createApi(stack.env.API_URL ?? ''), journal);
  bank.open();
  await clients.untilAccepted(10);
}, 60_000);

// A test that failed half-way must not leave its clients to the next one.
afterEach(async () => {
  await Promise.all([clients.stop(), bank.rest()]);
}, 130_000);

// The first one: it does every order there is again.
test('all of the topic is read again after its runs were deleted: no new effect', async () => {
  await settled();
  await using system = await openSystem(stack.env);
  const before = await gather(system);
  await readAgain(system, stack.env, settledWithinMs);
  const after = await gather(system);
  expect(after.orders).toEqual(before.orders);
  expect(after.movements).toEqual(before.movements);
  expect(after.records.map(({ topic, id }) => `${topic} ${id}`).toSorted()).toEqual(
    before.records.map(({ topic, id }) => `${topic} ${id}`).toSorted(),
  );
  expect(after.left).toEqual({ unsent: 0, lag: 0, deadLetters: 0 });
}, 300_000);

test(
  `of ${races} cancels at any moment, with a faulty provider, each has one answer for ever and costs nobody anything`,
  async () => {
    // The moments are those of a system that is not busy.
    await settled();
    await using system = await openSystem(stack.env);
    const answers = await raceCancels({ system, journal }, races);
    expect(answers.filter(changedItsMind)).toEqual([]);
    // All ways were taken: canceled at once, promised, too late, and asked of the run itself.
    expect(new Set(answers.map(([first]) => first))).toEqual(new Set([200, 202, 409, undefined]));
    await settled();
  },
  roundMs * 2 + races * 1_000,
);

test(
  'a second bridge joins and leaves under load: nothing is lost and nothing done twice',
  async () => {
    for (let round = 0; round < joins; round += 1) {
      const second = await startBridge(stack.env);
      await pause(stayMs);
      // Half of them without a word: their partitions come back when their session ends.
      second.kill(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
      await second.ended;
      await pause(stayMs);
    }
    await clients.untilAccepted(10);
    await settled();
  },
  joins * roundMs,
);

describe('while orders run, every accepted one ends once and is charged once, although', () => {
  test.each(roles)(
    'the process %s is killed',
    async (name) => {
      await repeat(() => killed([name]));
      await settled();
    },
    roundMs * rounds,
  );

  test(
    'all roles are killed at once',
    async () => {
      await repeat(() => killed(roles));
      await settled();
    },
    roundMs * rounds,
  );

  test.each(parts)(
    '%s is killed',
    async (name) => {
      await repeat(() => killed([name]));
      await settled();
    },
    roundMs * rounds,
  );

  test(
    'every role is asked to stop, one after another, and each drains and ends well',
    async () => {
      await repeat(async () => {
        for (const name of roles) await killed([name], 'SIGTERM');
      });
      const ends = readFileSync(join(home, 'logs', 'supervisor.log'), 'utf8').match(/^.* ended .*$/gm) ?? [];
      for (const name of roles) {
        const own = ends.filter((line) => line.includes(` ${name} ended `)).slice(-rounds);
        expect(own).toEqual(Array(rounds).fill(expect.stringContaining(`${name} ended (exit code 0)`)));
      }
      await settled();
    },
    roundMs * rounds,
  );

  test(
    'the whole stack is stopped and started again',
    async () => {
      await repeat(async () => {
        await stack.stop();
        stack = await start();
        await clients.untilAccepted(10);
      });
      await settled();
    },
    roundMs * 2 * rounds,
  );
});

if (isLong) {
  test.each(roles)(
    'a role that stands still for longer than it may, and then goes on, does nothing twice: %s',
    async (name) => {
      await stack.kill(name, 'SIGSTOP');
      await pause(standStillMs);
      await stack.kill(name, 'SIGCONT');
      await clients.untilAccepted(10);
      await settled();
    },
    roundMs * 2,
  );
}

// The last one: it has been open all the while.
test('the bank has conserved its money at every moment', async () => {
  await bank.rest();
  const { violations: found, settled, snapshots } = await bank.close();
  expect(found).toEqual([]);
  expect(snapshots).toBeGreaterThan(100);
  expect(new Set(settled.map(({ failure_reason }) => failure_reason))).toEqual(
    new Set([null, 'insufficient_funds']),
  );
}, 150_000);

function start() {
  return startStack({ home, env: { ...env, ...ports } });
}

async function repeat(round: () => Promise<void>): Promise<void> {
  for (let number = 0; number < rounds; number += 1) await round();
}

/** The supervisor starts them again; the fault is over when new orders are taken. */
async function killed(names: readonly string[], signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  await Promise.all(names.map((name) => stack.kill(name, signal)));
  await Promise.all(names.map((name) => stack.untilReady(name)));
  await clients.untilAccepted(10);
}

/** Clients go home with an answer each; then the system comes to rest, and the evidence is free of any violation. */
async function settled(): Promise<void> {
  await Promise.all([clients.stop(), bank.rest()]);
  await untilSettled(stack.env, gather, settledWithinMs);
}
