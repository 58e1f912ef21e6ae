import { type Database, openDatabase } from '../accept-api.ts';
import { createOrderCheck } from '../correctness.ts';
import { alternate, pairRatios } from '../measure/blocks.ts';
import { type Measured, openProgram, type Program } from '../measure/program.ts';
import { ratioOf } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface AlternativesPlan {
  readonly passes: number;
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** The same order on job queues in Postgres: the honest price of Temporal and Kafka. */
export async function alternatives(
  system: System,
  plan: AlternativesPlan,
  say: (line: string) => void,
): Promise<Part> {
  await using opened = new AsyncDisposableStack();
  const orders = opened.use(await openProgram('orders.ts', system.env));
  const [graphile, pgboss] = [
    await openQueue(system, 'graphile', opened),
    await openQueue(system, 'pgboss', opened),
  ];
  const check = await createOrderCheck(system);
  const { passes, ...block } = plan;
  let queued = 0;
  const onQueue = async (queue: Parameters<typeof runQueue>[0]) => {
    const measured = await runQueue(queue, block);
    queued += measured.started;
    return measured;
  };
  const blocks = await alternate(
    passes,
    {
      orders: async () => {
        const measured = await orders.run('order', block, {});
        await check(measured.started, queued);
        queued = 0;
        return measured;
      },
      graphile: () => onQueue(graphile),
      pgboss: () => onQueue(pgboss),
    },
    (name, { perSecond }) => say(`  ${name.padEnd(10)} ${perSecond.toFixed(1)} a second`),
  );
  const rate = ({ perSecond }: Measured) => perSecond;
  const row = (id: string, what: string, of: readonly Measured[]) => ({
    id,
    question: `orders a second ÷ the same steps on ${what} (no HTTP, no Kafka, no Temporal)`,
    ratio: ratioOf(pairRatios(blocks.orders, of, rate)),
  });
  return {
    name: 'alternatives',
    rows: [
      row('orders/graphile-worker', 'graphile-worker', blocks.graphile),
      row('orders/pg-boss', 'pg-boss', blocks.pgboss),
    ],
    notes: Object.entries(blocks).map(
      ([name, of]) => `${name}: ${of.map(({ perSecond }) => perSecond.toFixed(1)).join(' ')} a second`,
    ),
  };
}

interface Queue {
  readonly program: Program;
  readonly database: Database;
  completed: number;
}

async function openQueue(system: System, engine: string, opened: AsyncDisposableStack): Promise<Queue> {
  const database = await openDatabase(system, `bench_${engine}`);
  opened.defer(() => database.end());
  const env = { ...system.env, DATABASE_URL: database.url, ENGINE: engine };
  const program = opened.use(await openProgram('jobs.ts', env));
  return { program, database, completed: 0 };
}

async function runQueue(queue: Queue, block: Omit<AlternativesPlan, 'passes'>): Promise<Measured> {
  const measured = await queue.program.run('order', block, {});
  queue.completed += measured.started;
  const [found] = await queue.database.rows<{ orders: number; completed: number }>(
    `select count(*)::int4 as orders, (count(*) filter (where status = 'completed'))::int4 as completed from orders`,
  );
  if (found?.orders !== queue.completed || found.completed !== queue.completed)
    throw new Error(
      `${queue.completed} orders were queued and ${JSON.stringify(found)} found; the run is void`,
    );
  return measured;
}
