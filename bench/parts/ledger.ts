import { alternate, pairRatios } from '../measure/blocks.ts';
import { openProgram } from '../measure/program.ts';
import { ratioOf } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface LedgerPlan {
  readonly passes: number;
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Every transaction on one account, whose row they lock in turn, beside the same on a hundred. */
export async function ledger(
  system: System,
  { passes, ...block }: LedgerPlan,
  say: (line: string) => void,
): Promise<Part> {
  using transactions = await openProgram('transactions.ts', system.env);
  let started = 0;
  const run = (unit: string) => async () => {
    const measured = await transactions.run(unit, block, system.trees());
    started += measured.started;
    await check(system, started);
    return measured;
  };
  const blocks = await alternate(
    passes,
    { hot: run('hot'), spread: run('spread') },
    (name, { perSecond, p99Ms }) =>
      say(`  ${name.padEnd(8)} ${perSecond.toFixed(1)} a second, p99 ${p99Ms.toFixed(0)} ms`),
  );
  return {
    name: 'ledger',
    rows: [
      {
        id: 'hot/spread',
        question: 'transactions settled a second, all on one account ÷ spread over a hundred',
        ratio: ratioOf(pairRatios(blocks.hot, blocks.spread, ({ perSecond }) => perSecond)),
        bar: { least: 0.5 },
      },
    ],
    notes: Object.entries(blocks).map(
      ([name, of]) => `${name}: ${of.map(({ perSecond }) => perSecond.toFixed(1)).join(' ')} a second`,
    ),
  };
}

/** After a block: each that was asked for is processed and booked once, and every balance is the sum of its entries. */
async function check(system: System, expected: number): Promise<void> {
  const [found] = await system.rows<{ processed: number; booked: number; wrong: number }>(`
    select
      (select count(*)::int4 from transactions where status = 'PROCESSED') as processed,
      (select count(distinct subject_id)::int4 from entries where kind = 'transaction') as booked,
      (select count(*)::int4 from accounts
        where balance_cents <> (
          select coalesce(sum(amount_cents), 0) from entries where account = 'customer:' || accounts.id
        )) as wrong`);
  const wanted = { processed: expected, booked: expected, wrong: 0 };
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`asked for and found differ, the run is void: ${JSON.stringify({ wanted, found })}`);
}
