import { createOrderCheck } from '../correctness.ts';
import { openProgram } from '../measure/program.ts';
import { exactly } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface BurstPlan {
  readonly inFlight: number;
  readonly peakMs: number;
  readonly burstMs: number;
}

const factor = 10;

/** Ten times the peak for a while; ideal is that the backlog then drains at the peak. */
export async function burst(system: System, plan: BurstPlan, say: (line: string) => void): Promise<Part> {
  using orders = await openProgram('orders.ts', system.env);
  const check = await createOrderCheck(system);
  const peak = await orders.run(
    'order',
    { inFlight: plan.inFlight, warmUpMs: 5_000, measureMs: plan.peakMs },
    {},
  );
  await check(peak.started);
  const perSecond = Math.round(peak.perSecond * factor);
  const began = performance.now();
  const rush = await orders.run(
    'order',
    { perSecond, warmUpMs: 0, measureMs: plan.burstMs, drainMs: 1_200_000 },
    {},
  );
  const tookMs = performance.now() - began;
  await check(rush.started);
  const drain = tookMs - plan.burstMs;
  const ideal = (rush.started / peak.perSecond) * 1_000 - plan.burstMs;
  say(
    `  ${rush.started} orders in ${plan.burstMs / 1_000} s, drained in ${(drain / 1_000).toFixed(1)} s; ideal ${(ideal / 1_000).toFixed(1)} s`,
  );
  return {
    name: 'burst',
    rows: [
      {
        id: 'drain/ideal',
        question: `time to drain a burst of ten times the peak ÷ ideal`,
        ratio: exactly(drain / ideal),
        bar: { most: 1.3, stretch: 1.1 },
      },
    ],
    notes: [`peak ${peak.perSecond.toFixed(1)} a second; ${rush.started} orders at ${perSecond} a second`],
  };
}
