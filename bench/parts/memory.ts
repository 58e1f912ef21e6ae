import { createOrderCheck } from '../correctness.ts';
import { residentBytes } from '../measure/cpu.ts';
import { openProgram } from '../measure/program.ts';
import { exactly, median } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface MemoryPlan {
  readonly inFlight: number;
  /** Orders after which it is looked at, fewer first. */
  readonly orders: readonly [number, number];
}

const roles = ['api', 'relay', 'worker', 'payment'];

/** Resident memory of each role after many orders and after four times as many: what leaks, grows. */
export async function memory(system: System, plan: MemoryPlan, say: (line: string) => void): Promise<Part> {
  using orders = await openProgram('orders.ts', system.env);
  const check = await createOrderCheck(system);
  let done = 0;
  const looks: Record<string, number>[] = [];
  for (const wanted of plan.orders) {
    while (done < wanted) {
      const { started } = await orders.run(
        'order',
        { inFlight: plan.inFlight, warmUpMs: 0, measureMs: 20_000 },
        {},
      );
      await check(started);
      done += started;
    }
    looks.push(await look(system));
    say(`  after ${done} orders: ${JSON.stringify(looks.at(-1))} MB`);
  }
  const [few = {}, many = {}] = looks;
  return {
    name: 'memory',
    rows: roles.map((name) => ({
      id: `memory-${name}`,
      question: `resident memory of ${name} after ${plan.orders[1]} orders ÷ after ${plan.orders[0]}`,
      ratio: exactly((many[name] ?? Number.NaN) / (few[name] ?? Number.NaN)),
      bar: { most: 1.1, stretch: 1 },
    })),
    notes: looks.map((megabytes, at) => `after ${plan.orders[at]} orders: ${JSON.stringify(megabytes)} MB`),
  };
}

/** The median of some seconds: between two collections the heap breathes. */
async function look(system: System): Promise<Record<string, number>> {
  const samples: Record<string, number>[] = [];
  for (let at = 0; at < 10; at += 1) {
    samples.push(
      Object.fromEntries(
        Object.entries(system.trees()).map(([name, pid]) => [
          name,
          Math.round(residentBytes(pid) / 1_048_576),
        ]),
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  return Object.fromEntries(roles.map((name) => [name, median(samples.map((sample) => sample[name] ?? 0))]));
}
