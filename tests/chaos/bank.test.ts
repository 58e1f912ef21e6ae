import { setTimeout as pause } from 'node:timers/promises';
import { createLedger } from '../acceptance/outside/ledger.ts';
import { systemOfFile } from '../support/own-stack.ts';
import { openBank } from './bank.ts';

const runsForMs = 60_000;
const faults = ['worker', 'postgres', 'worker', 'relay'];

const system = systemOfFile();

test('eight accounts conserve their money at every moment of a minute, although workers are killed and Postgres restarts', async () => {
  const { stack, api } = system();
  const bank = await openBank(createLedger(api), 7);
  bank.open();
  for (const name of faults) {
    await pause(runsForMs / (faults.length + 1));
    await stack.kill(name);
    await stack.untilReady(name);
  }
  await pause(runsForMs / (faults.length + 1));
  await bank.rest();
  const { violations, settled, snapshots } = await bank.close();
  expect(violations).toEqual([]);
  expect(snapshots).toBeGreaterThan(100);
  expect(new Set(settled.map(({ failure_reason }) => failure_reason))).toEqual(
    new Set([null, 'insufficient_funds']),
  );
}, 300_000);
