import { createOrderCheck } from '../correctness.ts';
import { alternate, pairRatios } from '../measure/blocks.ts';
import { openProgram } from '../measure/program.ts';
import { ratioOf } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface LatencyPlan {
  readonly passes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** In flight while the peak is sought, of which 30 % is offered. */
  readonly inFlight: number;
}

/** From the moment an order was due until its order.processed is seen, beside a bare workflow until its result is. */
export async function latency(system: System, plan: LatencyPlan, say: (line: string) => void): Promise<Part> {
  using orders = await openProgram('orders.ts', system.env);
  using bare = await openProgram('bare.ts', system.env);
  const check = await createOrderCheck(system);
  const { passes, inFlight, ...times } = plan;
  const peak = await orders.run('order', { ...times, inFlight }, {});
  await check(peak.started);
  const perSecond = Math.max(1, Math.round(peak.perSecond * 0.3));
  const block = { ...times, perSecond };
  const blocks = await alternate(
    passes,
    {
      orders: async () => {
        const measured = await orders.run('order', block, {});
        await check(measured.started);
        return measured;
      },
      bare: () => bare.run('sameShapeResult', block, {}),
    },
    (name, { p50Ms, p99Ms }) =>
      say(`  ${name.padEnd(10)} p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`),
  );
  return {
    name: 'latency',
    rows: [
      {
        id: 'order-p50/bare-p50',
        question: `accept → order.processed, p50 ÷ a bare workflow’s, at ${perSecond} a second (30 % load)`,
        ratio: ratioOf(pairRatios(blocks.orders, blocks.bare, ({ p50Ms }) => p50Ms)),
        bar: { most: 1.6, stretch: 1.3 },
      },
      {
        id: 'order-p99/bare-p99',
        question: 'the same at p99',
        ratio: ratioOf(pairRatios(blocks.orders, blocks.bare, ({ p99Ms }) => p99Ms)),
        bar: { most: 2.5, stretch: 2 },
      },
    ],
    notes: Object.entries(blocks).map(
      ([name, of]) =>
        `${name}: p50 / p99 ${of.map(({ p50Ms, p99Ms }) => `${p50Ms.toFixed(0)} / ${p99Ms.toFixed(0)}`).join(', ')} ms`,
    ),
  };
}
