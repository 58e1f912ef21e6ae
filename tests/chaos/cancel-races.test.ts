import { setTimeout as pause } from 'node:timers/promises';
import { readOrder } from '../acceptance/outside/api.ts';
import { inParallel } from '../acceptance/outside/in-parallel.ts';
import { workflowIdOf } from '../acceptance/outside/runs.ts';
import { eventually } from '../support/eventually.ts';
import { systemOfFile } from '../support/own-stack.ts';
import { evidenceOf } from './evidence.ts';
import { violations } from './invariants.ts';
import { noteNew, openJournal, type Sent } from './journal.ts';

const races = process.env.TBD_LONG === 'true' ? 1_000 : 100;
const atOnce = 8;
// From before its run exists until it is completed, with what goes wrong in between.
const longestWaitMs = 700;
const settledWithinMs = 120_000;

const faults = { delay_ms: 30, error_pct: 10, commit_then_timeout_pct: 10, decline_pct: 5, seed: 6 };
const journal = openJournal();

// Its evidence is about every order there is.
// Who waited for an open breaker is not to be waited for.
const system = systemOfFile({ env: { CIRCUIT_BREAKER_TIMEOUT: '5s' } });

test(
  `of ${races} cancels at any moment, with a faulty provider, each has one answer for ever and costs nobody anything`,
  async () => {
    await system().payments.setFaults(faults);
    const answers = await inParallel({ count: races, limit: atOnce }, race);
    await system().payments.setFaults();
    expect(answers.filter(changedItsMind)).toEqual([]);
    // All ways were taken: canceled at once, promised, too late, and asked of the run itself.
    expect(new Set(answers.map(([first]) => first))).toEqual(new Set([200, 202, 409, undefined]));
    await eventually(async () => {
      for (const status of ['pending', 'processing'])
        expect((await system().api.list({ status })).items).toEqual([]);
    }, settledWithinMs);
    await eventually(async () => {
      expect(violations(await evidenceOf(journal)(system()))).toEqual([]);
    }, settledWithinMs);
  },
  settledWithinMs * 3 + races * 1_000,
);

/** The statuses of one order's cancels, in turn; none when its run was asked instead. */
async function race(number: number): Promise<number[]> {
  const sent = noteNew(journal);
  const answer = await system().api.post(sent.order, sent.key);
  const { id } = readOrder(answer);
  sent.accepted.push(id);
  await pause((number / races) * longestWaitMs);
  if (number % 4 === 3) {
    await cancelRun(id);
    return [];
  }
  const statuses: number[] = [];
  for (const waitMs of [0, 20, 500]) {
    await pause(waitMs);
    statuses.push(await cancel(id, sent));
  }
  return statuses;
}

async function cancel(id: string, sent: Sent): Promise<number> {
  const { status, text } = await system().api.cancel(id);
  journal.statuses.add(status);
  if (status === 200) expect(readOrder({ text }).status).toBe('canceled');
  if (status === 200 || status === 202) sent.canceled = true;
  return status;
}

/** As `temporal workflow cancel` does; before the run exists there is nothing to cancel. */
async function cancelRun(id: string): Promise<void> {
  await eventually(async () => {
    try {
      await system().runs.client.workflow.getHandle(workflowIdOf(id)).cancel();
    } catch (error) {
      if (!/already completed/.test(String(error))) throw error;
    }
  }, 10_000);
}

/** A promise may be kept; nothing else ever changes. */
function changedItsMind(statuses: readonly number[]): boolean {
  const [first, ...later] = statuses;
  const allowed = first === 202 ? [202, 200] : [first];
  const steps = [first, ...later];
  return steps.some((status, at) => !allowed.includes(status) || (steps[at - 1] === 200 && status !== 200));
}
