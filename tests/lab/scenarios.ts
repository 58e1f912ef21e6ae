import { setTimeout as pause } from 'node:timers/promises';
import type { readOrder } from '../acceptance/outside/api.ts';
import type { System } from '../acceptance/outside/system.ts';
import { eventually } from '../support/eventually.ts';

type Faults = Readonly<Record<string, unknown>>;

export interface Scenario {
  readonly name: string;
  /** How every order of it ends, whatever happened on the way. */
  readonly expected: Ending;
  readonly run: (lab: Lab) => Promise<readonly string[]>;
}

/** Status and payment state of an order, and the captures and refunds in the provider's own book. */
export type Ending = `${string}, ${string}, ${number} captured, ${number} refunded`;

export interface Lab {
  readonly system: System;
  readonly outageMs: number;
}

const newOrder = { customer_email: 'lab@example.com', amount_cents: 4_200 };
const completed = 'completed, captured, 1 captured, 0 refunded';
const untouched = 'canceled, none, 0 captured, 0 refunded';
const refunded = 'canceled, refunded, 1 captured, 1 refunded';
// An open breaker lets the first call through after 30 s, and those who waited for it within another 30.
export const endsWithinMs = 120_000;

export const scenarios: readonly Scenario[] = [
  { name: 'all is well', expected: completed, run: withFaults({}, 5) },
  { name: 'the provider takes 300 ms', expected: completed, run: withFaults({ delay_ms: 300 }, 5) },
  { name: '30 % errors', expected: completed, run: withFaults({ error_pct: 30 }, 20) },
  { name: '30 % too many requests', expected: completed, run: withFaults({ rate_limit_pct: 30 }, 20) },
  { name: '30 % wrong replies', expected: completed, run: withFaults({ wrong_reply_pct: 30 }, 20) },
  {
    name: '30 % charged, and never answered',
    expected: completed,
    run: withFaults({ commit_then_timeout_pct: 30 }, 20),
  },
  {
    name: 'the card is declined',
    expected: 'failed, none, 0 captured, 0 refunded',
    run: withFaults({ decline_pct: 100 }, 3),
  },
  { name: 'canceled before its run exists', expected: untouched, run: cancelPending },
  { name: 'canceled while it waits for the provider', expected: untouched, run: cancelWaiting },
  { name: 'canceled during the charge', expected: refunded, run: cancelCharging },
  { name: 'canceled after a capture that nobody knows of', expected: refunded, run: cancelCaptured },
  { name: 'canceled when it is completed', expected: completed, run: cancelCompleted },
  { name: 'the run itself is asked to cancel', expected: refunded, run: cancelRun },
  { name: 'the worker is killed after the capture', expected: completed, run: killWorker },
  { name: 'the provider is away', expected: completed, run: outage },
];

/** What became of the order, in the words of an `Ending`; in the end both books must say the same. */
export async function endingOf({ system }: Lab, id: string): Promise<Ending> {
  const { status, payment_state } = await system.api.untilFinal(id, endsWithinMs);
  const movements = (await system.payments.ledger()).filter(({ order_id }) => order_id === id);
  const count = (type: string) => movements.filter((movement) => movement.type === type).length;
  return `${status}, ${payment_state}, ${count('capture')} captured, ${count('refund')} refunded`;
}

function withFaults(faults: Faults, orders: number): Scenario['run'] {
  return ({ system }) =>
    during(system, faults, async () => {
      const placed = await place(system, orders);
      for (const id of placed) await system.api.untilFinal(id, endsWithinMs);
      return placed;
    });
}

async function cancelPending({ system }: Lab): Promise<readonly string[]> {
  await system.stack.kill('worker', 'SIGSTOP');
  try {
    const placed = await place(system, 1);
    await cancel(system, placed, [200]);
    return placed;
  } finally {
    await system.stack.kill('worker', 'SIGCONT');
  }
}

function cancelWaiting({ system }: Lab): Promise<readonly string[]> {
  return during(system, { outage: true }, async () => {
    const placed = await place(system, 1);
    await until(system, placed, ({ payment_state }) => payment_state === 'unknown');
    await cancel(system, placed, [200, 202]);
    return placed;
  });
}

function cancelCharging({ system }: Lab): Promise<readonly string[]> {
  return during(system, { delay_ms: 400 }, async () => {
    const placed = await place(system, 1);
    await until(system, placed, ({ status }) => status === 'processing');
    await pause(100);
    await cancel(system, placed, [200, 202]);
    return placed;
  });
}

function cancelCaptured({ system }: Lab): Promise<readonly string[]> {
  return during(system, { commit_then_timeout_pct: 100 }, async () => {
    const placed = await place(system, 1);
    await until(system, placed, ({ payment_state }) => payment_state === 'unknown');
    await cancel(system, placed, [200, 202]);
    return placed;
  });
}

async function cancelCompleted({ system }: Lab): Promise<readonly string[]> {
  const placed = await place(system, 1);
  for (const id of placed) await system.api.untilFinal(id);
  await cancel(system, placed, [409]);
  return placed;
}

function cancelRun({ system }: Lab): Promise<readonly string[]> {
  return during(system, { delay_ms: 400 }, async () => {
    const placed = await place(system, 1);
    await until(system, placed, ({ status }) => status === 'processing');
    for (const id of placed) await system.runs.client.workflow.getHandle(`order-${id}`).cancel();
    return placed;
  });
}

function killWorker({ system }: Lab): Promise<readonly string[]> {
  return during(system, { commit_then_timeout_pct: 100 }, async () => {
    const placed = await place(system, 1);
    await eventually(async () => {
      for (const id of placed)
        if ((await system.payments.chargesOf(id)).length === 0) throw new Error(`${id} is not charged yet`);
    }, 10_000);
    await system.stack.kill('worker');
    await system.stack.untilReady('worker');
    return placed;
  });
}

function outage({ system, outageMs }: Lab): Promise<readonly string[]> {
  return during(system, { outage: true }, async () => {
    const placed = await place(system, 10);
    await pause(outageMs);
    return placed;
  });
}

/** With the faults for as long as `work` takes, and no longer. */
async function during<T>(system: System, faults: Faults, work: () => Promise<T>): Promise<T> {
  await system.payments.setFaults({ ...faults, seed: 6 });
  try {
    return await work();
  } finally {
    await system.payments.setFaults();
  }
}

function place({ api }: System, orders: number): Promise<string[]> {
  return Promise.all(Array.from({ length: orders }, async () => (await api.accept(newOrder)).id));
}

async function cancel({ api }: System, placed: readonly string[], allowed: readonly number[]): Promise<void> {
  for (const id of placed) {
    const { status, text } = await api.cancel(id);
    if (!allowed.includes(status))
      throw new Error(`the cancel of ${id} was answered with ${status}: ${text}`);
  }
}

function until(
  { api }: System,
  placed: readonly string[],
  isSo: (order: ReturnType<typeof readOrder>) => boolean,
): Promise<void> {
  return eventually(async () => {
    for (const id of placed) if (!isSo(await api.get(id))) throw new Error(`${id} is not that far`);
  }, 20_000);
}
