import { createOrderCheck } from '../correctness.ts';
import { alternate, controlRatios, pairRatios } from '../measure/blocks.ts';
import { openCollector } from '../measure/collector.ts';
import { total } from '../measure/cpu.ts';
import { type Measured, openProgram } from '../measure/program.ts';
import { median, ratioOf } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface TracingPlan {
  readonly passes: number;
  readonly inFlight: number;
  /** Processes are new in each block. */
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What traces cost: the roles with a collector, at the default sampling and with every trace, beside the roles without. */
export async function tracing(
  system: System,
  { passes, ...block }: TracingPlan,
  say: (line: string) => void,
): Promise<Part> {
  using collector = await openCollector();
  using orders = await openProgram('orders.ts', system.env);
  const check = await createOrderCheck(system);
  const run = (env: Readonly<Record<string, string>>) => async () => {
    await system.restartRoles(env);
    const before = await collector.received();
    const measured = await orders.run('order', block, { ...system.trees(), collector: collector.pid });
    await check(measured.started);
    const isTraced = (await collector.received()) > before;
    if (isTraced !== 'OTEL_EXPORTER_OTLP_ENDPOINT' in env)
      throw new Error(`The collector got ${isTraced ? 'spans' : 'no spans'}; the run is void.`);
    return measured;
  };
  // What else of the stack is new then: it must not be the first subject's.
  await run({})();
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  const blocks = await alternate(
    passes,
    {
      sampled: run(traced),
      all: run({ ...traced, OTEL_TRACES_SAMPLER: 'always_on' }),
      none: run({}),
    },
    (name, measured) => say(`  ${describe(name, [measured])}`),
  );
  await system.restartRoles();
  const rate = ({ perSecond }: Measured) => perSecond;
  return {
    name: 'tracing',
    control: ratioOf(controlRatios(blocks.none)),
    rows: [
      {
        id: 'sampled/none',
        question: 'orders a second with traces at the default sampling ÷ without',
        ratio: ratioOf(pairRatios(blocks.sampled, blocks.none, rate)),
        bar: { least: 0.9 },
      },
      {
        id: 'all/none',
        question: 'orders a second with every trace recorded ÷ without',
        ratio: ratioOf(pairRatios(blocks.all, blocks.none, rate)),
      },
      {
        id: 'cpu-sampled/cpu-none',
        question: 'CPU of an order with traces at the default sampling ÷ without',
        ratio: ratioOf(pairRatios(blocks.sampled, blocks.none, cpuMs)),
      },
      {
        id: 'cpu-all/cpu-none',
        question: 'CPU of an order with every trace recorded ÷ without',
        ratio: ratioOf(pairRatios(blocks.all, blocks.none, cpuMs)),
      },
    ],
    notes: Object.entries(blocks).map(([name, of]) => describe(name, of)),
  };
}

/** Of an order, without what collects. */
function cpuMs({ cpu: { collector: _, ...system }, measured }: Measured): number {
  return total(system) / measured;
}

function describe(name: string, of: readonly Measured[]): string {
  const rates = of.map(({ perSecond }) => perSecond.toFixed(1)).join(' ');
  return `${name.padEnd(8)} ${rates} a second; ${median(of.map(cpuMs)).toFixed(1)} ms of CPU an order`;
}
