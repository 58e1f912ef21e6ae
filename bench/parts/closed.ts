import { createOrderCheck, createRunCheck } from '../correctness.ts';
import { alternate, pairRatios } from '../measure/blocks.ts';
import { type Measured, openProgram } from '../measure/program.ts';
import { ratioOf } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface ClosedPlan {
  readonly closed: number;
  readonly passes: number;
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Orders a second beside bare workflows, with an empty Temporal and with many closed workflows in it. */
export async function closed(system: System, plan: ClosedPlan, say: (line: string) => void): Promise<Part> {
  using orders = await openProgram('orders.ts', system.env);
  using bare = await openProgram('bare.ts', system.env);
  const block = { inFlight: plan.inFlight, warmUpMs: plan.warmUpMs, measureMs: plan.measureMs };
  const checkOrders = await createOrderCheck(system);
  const checkBare = await createRunCheck(system, 'sameShape');
  const checked = async (run: Promise<Measured>, check: (started: number) => Promise<void>) => {
    const measured = await run;
    await check(measured.started);
    return measured;
  };
  const compare = async () => {
    const blocks = await alternate(
      plan.passes,
      {
        orders: () => checked(orders.run('order', block, {}), checkOrders),
        bare: () => checked(bare.run('sameShape', block, {}), checkBare),
      },
      (name, { perSecond }) => say(`  ${name.padEnd(10)} ${perSecond.toFixed(1)} a second`),
    );
    return pairRatios(blocks.orders, blocks.bare, ({ perSecond }) => perSecond);
  };
  const before = await compare();
  say(`  filling up to ${plan.closed} closed workflows …`);
  for (let done = 0; done < plan.closed; ) {
    const fill = { inFlight: 100, warmUpMs: 0, measureMs: 60_000 };
    done += (await bare.run('noActivity', fill, {})).started;
  }
  const after = await compare();
  const ratio = ratioOf(after.map((pair, at) => pair / (before[at] ?? Number.NaN)));
  return {
    name: 'closed',
    rows: [
      {
        id: 'orders-with-closed/empty',
        question: `orders a second with ${plan.closed} closed workflows ÷ with none, relative to the same of bare workflows`,
        ratio,
        bar: { least: 0.95, stretch: 1 },
      },
    ],
    notes: [
      `orders ÷ bare before: ${before.map((r) => r.toFixed(2)).join(' ')}; after: ${after.map((r) => r.toFixed(2)).join(' ')}`,
    ],
  };
}
