import { createOrderCheck } from '../correctness.ts';
import { alternate, pairRatios } from '../measure/blocks.ts';
import { residentBytes } from '../measure/cpu.ts';
import { type Measured, openProgram } from '../measure/program.ts';
import { ratioOf } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface OverloadPlan {
  readonly passes: number;
  /** In flight at the peak, of which twice as much is offered. */
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Twice what it can finish is offered, whatever becomes of it: what it finishes meanwhile must not fall. */
export async function overload(
  system: System,
  { passes, inFlight, ...times }: OverloadPlan,
  say: (line: string) => void,
): Promise<Part> {
  using orders = await openProgram('orders.ts', system.env);
  const check = await createOrderCheck(system);
  const closed = { ...times, inFlight };
  const first = await orders.run('order', closed, {});
  await check(first.started);
  const perSecond = Math.round(first.perSecond * 2);
  const run = (block: typeof closed | (typeof times & { perSecond: number })) => async () => {
    const measured = await orders.run('order', block, {});
    await check(measured.started);
    return measured;
  };
  const before = resident(system);
  const blocks = await alternate(
    passes,
    { overload: run({ ...times, perSecond }), peak: run(closed) },
    (name, { endsPerSecond, started }) =>
      say(`  ${name.padEnd(10)} ${endsPerSecond.toFixed(1)} a second finished, ${started} offered`),
  );
  const goodput = ({ endsPerSecond }: Measured) => endsPerSecond;
  return {
    name: 'overload',
    rows: [
      {
        id: 'goodput/peak',
        question: `orders finished a second while ${perSecond} a second are offered (twice the peak) ÷ at the peak`,
        ratio: ratioOf(pairRatios(blocks.overload, blocks.peak, goodput)),
        bar: { least: 0.9, stretch: 1 },
      },
    ],
    notes: [
      ...Object.entries(blocks).map(
        ([name, of]) =>
          `${name}: ${of.map((block) => goodput(block).toFixed(1)).join(' ')} a second finished`,
      ),
      `resident memory before and after, MB: ${JSON.stringify(before)} ${JSON.stringify(resident(system))}`,
    ],
  };
}

function resident(system: System): Record<string, number> {
  return Object.fromEntries(
    ['api', 'relay', 'worker', 'payment'].map((name) => [
      name,
      Math.round(residentBytes(system.trees()[name] ?? 0) / 1_048_576),
    ]),
  );
}
