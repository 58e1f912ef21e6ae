import { createOrderCheck, createRunCheck } from '../correctness.ts';
import type { Block } from '../load/block.ts';
import { alternate, controlRatios, pairRatios } from '../measure/blocks.ts';
import { type CpuMs, type Trees, total } from '../measure/cpu.ts';
import { type Measured, openProgram } from '../measure/program.ts';
import { median, ratioOf } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface ThroughputPlan {
  readonly passes: number;
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Orders end to end beside bare workflows: a second, and CPU each. */
export async function throughput(
  system: System,
  plan: ThroughputPlan,
  say: (line: string) => void,
): Promise<Part> {
  using orders = await openProgram('orders.ts', system.env);
  using bare = await openProgram('bare.ts', system.env);
  const checkOrders = await createOrderCheck(system);
  const checkBare = {
    sameShape: await createRunCheck(system, 'sameShape'),
    fourRemote: await createRunCheck(system, 'fourRemote'),
  };
  const trees: Trees = { ...system.trees(), generator: orders.pid, bare: bare.pid };
  const block: Block = { inFlight: plan.inFlight, warmUpMs: plan.warmUpMs, measureMs: plan.measureMs };
  const runBare = (shape: keyof typeof checkBare) => async () => {
    const measured = await bare.run(shape, block, trees);
    await checkBare[shape](measured.started);
    return measured;
  };
  const blocks = await alternate(
    plan.passes,
    {
      orders: async () => {
        const measured = await orders.run('order', block, trees);
        await checkOrders(measured.started);
        return measured;
      },
      fourRemote: runBare('fourRemote'),
      sameShape: runBare('sameShape'),
    },
    (name, { perSecond, cpu, measured }) =>
      say(
        `  ${name.padEnd(10)} ${perSecond.toFixed(1).padStart(6)} a second   CPU-ms each: ${perUnit(cpu, measured)}`,
      ),
  );

  const rate = ({ perSecond }: Measured) => perSecond;
  return {
    name: 'throughput',
    control: ratioOf(controlRatios(blocks.sameShape)),
    rows: [
      {
        id: 'orders/bare-same-shape',
        question: 'orders a second ÷ bare workflows of the same shape',
        ratio: ratioOf(pairRatios(blocks.orders, blocks.sameShape, rate)),
        bar: { least: 0.65, stretch: 0.85 },
      },
      {
        id: 'orders/bare-four-remote',
        question: 'orders a second ÷ bare workflows with four remote activities',
        ratio: ratioOf(pairRatios(blocks.orders, blocks.fourRemote, rate)),
        bar: { least: 1.25, stretch: 1.6 },
      },
      {
        id: 'cpu-order/cpu-bare',
        question: 'CPU of an order ÷ CPU of a bare workflow of the same shape',
        ratio: ratioOf(
          blocks.orders.map((order, pass) => orderCpu(order) / bareCpu(blocks.sameShape[pass] ?? order)),
        ),
        bar: { most: 1.7, stretch: 1.35 },
      },
    ],
    notes: [
      `${plan.passes} passes of ${plan.measureMs / 1_000} s, ${plan.inFlight} in flight`,
      ...Object.entries(blocks).map(
        ([name, of]) => `${name}: ${of.map(({ perSecond }) => perSecond.toFixed(1)).join(' ')} a second`,
      ),
      `generator: ${(median(blocks.orders.map((one) => generatorShare(one, plan))) * 100).toFixed(1)} % of two cores (at most 20 %)`,
    ],
    figures: {
      rates: Object.fromEntries(Object.entries(blocks).map(([name, of]) => [name, of.map(rate)])),
      cpuPerOrder: meanCpu(blocks.orders),
      cpuPerBare: meanCpu(blocks.sameShape),
    },
  };
}

function orderCpu({ cpu: { generator: _generator, bare: _bare, ...system }, measured }: Measured): number {
  return total(system) / measured;
}

/** Only what a bare workflow needs: the roles' idle share is not its cost. */
function bareCpu({ cpu: { temporal = 0, bare = 0 }, measured }: Measured): number {
  return (temporal + bare) / measured;
}

function generatorShare({ cpu: { generator = 0 } }: Measured, { measureMs }: ThroughputPlan): number {
  return generator / (2 * measureMs);
}

function perUnit(cpu: CpuMs, units: number): string {
  return Object.entries(cpu)
    .filter(([, ms]) => ms / units >= 0.1)
    .map(([name, ms]) => `${name} ${(ms / units).toFixed(1)}`)
    .join(' · ');
}

function meanCpu(blocks: readonly Measured[]): CpuMs {
  const units = blocks.reduce((sum, { measured }) => sum + measured, 0);
  const names = Object.keys(blocks[0]?.cpu ?? {});
  return Object.fromEntries(
    names.map((name) => [name, blocks.reduce((sum, { cpu }) => sum + (cpu[name] ?? 0), 0) / units]),
  );
}
