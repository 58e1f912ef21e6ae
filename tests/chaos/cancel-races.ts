import { setTimeout as pause } from 'node:timers/promises';
import { readOrder } from '../acceptance/outside/api.ts';
import { inParallel } from '../acceptance/outside/in-parallel.ts';
import { workflowIdOf } from '../acceptance/outside/runs.ts';
import type { System } from '../acceptance/outside/system.ts';
import { eventually } from '../support/eventually.ts';
import { type Journal, noteNew, type Sent } from './journal.ts';

const atOnce = 8;
// From before its run exists until it is completed, with what goes wrong in between.
const longestWaitMs = 700;
const faults = { delay_ms: 30, error_pct: 10, commit_then_timeout_pct: 10, decline_pct: 5, seed: 6 };

interface Racing {
  readonly system: System;
  readonly journal: Journal;
}

/** Orders that are canceled at any moment, with a faulty provider: for each the statuses of its cancels, in turn; none when its run was asked instead. */
export async function raceCancels(racing: Racing, races: number): Promise<number[][]> {
  await racing.system.payments.setFaults(faults);
  const answers = await inParallel({ count: races, limit: atOnce }, (at) =>
    race(racing, at / races, at % 4 === 3),
  );
  await racing.system.payments.setFaults();
  return answers;
}

async function race({ system, journal }: Racing, share: number, asksRun: boolean): Promise<number[]> {
  const sent = noteNew(journal);
  const answer = await system.api.post(sent.order, sent.key);
  const { id } = readOrder(answer);
  sent.accepted.push(id);
  await pause(share * longestWaitMs);
  if (asksRun) {
    await cancelRun(system, id);
    return [];
  }
  const statuses: number[] = [];
  for (const waitMs of [0, 20, 500]) {
    await pause(waitMs);
    statuses.push(await cancel({ system, journal }, id, sent));
  }
  return statuses;
}

async function cancel({ system, journal }: Racing, id: string, sent: Sent): Promise<number> {
  const { status, text } = await system.api.cancel(id);
  journal.statuses.add(status);
  if (status === 200) expect(readOrder({ text }).status).toBe('canceled');
  if (status === 200 || status === 202) sent.canceled = true;
  return status;
}

/** As `temporal workflow cancel` does; before the run exists there is nothing to cancel. */
async function cancelRun({ runs }: System, id: string): Promise<void> {
  await eventually(async () => {
    try {
      await runs.client.workflow.getHandle(workflowIdOf(id)).cancel();
    } catch (error) {
      if (!/already completed/.test(String(error))) throw error;
    }
  }, 10_000);
}

/** A promise may be kept; nothing else ever changes. */
export function changedItsMind(statuses: readonly number[]): boolean {
  const [first, ...later] = statuses;
  const allowed = first === 202 ? [202, 200] : [first];
  const steps = [first, ...later];
  return steps.some((status, at) => !allowed.includes(status) || (steps[at - 1] === 200 && status !== 200));
}
