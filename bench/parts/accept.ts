import { openAcceptApi } from '../accept-api.ts';
import type { Block } from '../load/block.ts';
import { alternate, controlRatios, pairRatios } from '../measure/blocks.ts';
import { type CpuMs, total } from '../measure/cpu.ts';
import { type Measured, openProgram } from '../measure/program.ts';
import { median, ratioOf } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface AcceptPlan {
  readonly passes: number;
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** POST alone beside its rows inserted bare, one order a statement as anyone would write it, where the API takes several when they come together: a second when saturated, and p99 at 30 % of that. */
export async function accept(system: System, plan: AcceptPlan, say: (line: string) => void): Promise<Part> {
  await using api = await openAcceptApi(system);
  using requests = await openProgram('accept.ts', api.env);
  using inserts = await openProgram('raw-insert.ts', api.env);
  const trees = { ...system.trees(), api: api.pid, requests: requests.pid, inserts: inserts.pid };
  const run = async (unit: 'accept' | 'insert', block: Block): Promise<Measured> => {
    const measured = await (unit === 'accept' ? requests : inserts).run(unit, block, trees);
    await api.check(measured.started);
    return measured;
  };
  const both = (block: Block) => ({ accept: () => run('accept', block), insert: () => run('insert', block) });
  const show = (name: string, { perSecond, p50Ms, p99Ms }: Measured) =>
    say(
      `  ${name.padEnd(10)} ${perSecond.toFixed(0).padStart(6)} a second   p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
    );
  const { passes, inFlight, ...times } = plan;

  const saturated = await alternate(passes, both({ ...times, inFlight }), show);
  const perSecond = Math.round(median(saturated.accept.map((block) => block.perSecond)) * 0.3);
  const calm = await alternate(passes, both({ ...times, perSecond }), show);
  return {
    name: 'accept',
    control: ratioOf(controlRatios(saturated.insert)),
    rows: [
      {
        id: 'post-p99/statement-p99',
        question: `p99 of POST ÷ p99 of the same rows inserted bare, one order a statement, both at ${perSecond} a second (30 % load)`,
        ratio: ratioOf(pairRatios(calm.accept, calm.insert, ({ p99Ms }) => p99Ms)),
        bar: { most: 4, stretch: 2.5 },
      },
      {
        id: 'accepts/raw-inserts',
        question: 'orders accepted a second ÷ the same rows inserted bare, one order a statement',
        ratio: ratioOf(pairRatios(saturated.accept, saturated.insert, (block) => block.perSecond)),
        bar: { least: 0.5, stretch: 0.7 },
      },
    ],
    notes: [
      `accepted: ${rates(saturated.accept)} a second; bare: ${rates(saturated.insert)}; ${inFlight} in flight, 25 connections`,
      `CPU of a request without the generator: ${median(saturated.accept.map(requestCpu)).toFixed(2)} ms (api and Postgres)`,
    ],
    figures: {
      rates: { accept: saturated.accept.map(rate), insert: saturated.insert.map(rate) },
      p99Ms: { accept: calm.accept.map(({ p99Ms }) => p99Ms), insert: calm.insert.map(({ p99Ms }) => p99Ms) },
    },
  };
}

const rate = ({ perSecond }: Measured): number => perSecond;

function rates(blocks: readonly Measured[]): string {
  return blocks.map(({ perSecond }) => perSecond.toFixed(0)).join(' ');
}

function requestCpu({ cpu, measured }: Measured): number {
  const { api = 0, postgres = 0 }: CpuMs = cpu;
  return total({ api, postgres }) / measured;
}
