import { orderProcessed } from '../../src/order/events.ts';
import { moveOrder } from '../../src/store/moves.ts';
import { findOrder, listOrders } from '../../src/store/orders.ts';
import { claimBatch, deleteSent } from '../../src/store/outbox.ts';
import { type Database, openAcceptApi } from '../accept-api.ts';
import { type Figures, timeReads } from '../measure/reads.ts';
import { sampleOrder, samplePlacement } from '../measure/sample-order.ts';
import { type Statement, statementOf } from '../measure/statement.ts';
import { exactly, median } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface GrowthPlan {
  /** Orders stored, smallest first; the last is compared with the first. */
  readonly sizes: readonly number[];
}

const repeats = 20;
// 2025-06-15, well before any order of today.
const oldest = 1_750_000_000_000;

/** Blocks that the statements of an order's life touch with few and with many orders stored: a count, so no clock is in it. */
export async function growth(
  system: System,
  { sizes }: GrowthPlan,
  say: (line: string) => void,
): Promise<Part> {
  await using api = await openAcceptApi(system, 'bench_growth');
  const bySize: { size: number; blocks: Figures; ms: Figures }[] = [];
  for (const size of sizes) {
    await fill(api.database, size);
    const [blocks, ms] = [await measure(api.database), await timeReads(api)];
    bySize.push({ size, blocks, ms });
    say(`  ${size} orders: ${shown(blocks)} blocks; ${shown(ms)} ms`);
  }
  const [first, last] = [bySize[0], bySize.at(-1)];
  const growthOf = (names: readonly string[]) =>
    exactly(sum(last?.blocks, names) / sum(first?.blocks, names));
  const compared = `with ${sizes.at(-1)} orders stored ÷ with ${sizes[0]}`;
  return {
    name: 'growth',
    rows: [
      {
        id: 'blocks-per-order',
        question: `blocks touched per order (${life.join(', ')}) ${compared}`,
        ratio: growthOf(life),
        bar: { most: 1.25, stretch: 1.1 },
      },
      {
        id: 'blocks-of-reads',
        question: `blocks touched by reads (${reads.join(', ')}) ${compared}`,
        ratio: growthOf(reads),
        bar: { most: 1.5 },
      },
      ...Object.keys(first?.ms ?? {}).map((name) => ({
        id: `time-${name}`,
        question: `time of ${name} through the API ${compared}`,
        ratio: exactly(sum(last?.ms, [name]) / sum(first?.ms, [name])),
        bar: { most: 1.3 },
      })),
    ],
    notes: bySize.map(({ size, blocks, ms }) => `${size} orders: ${shown(blocks)} blocks; ${shown(ms)} ms`),
    figures: { bySize },
  };
}

const life = ['accept', 'claim', 'delete sent', 'begin', 'complete', 'read'];
const reads = ['read', 'list', 'list at depth'];

function sum(figures: Figures = {}, names: readonly string[]): number {
  return names.reduce((total, name) => total + (figures[name] ?? Number.NaN), 0);
}

function shown(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, figure]) => `${name} ${Number(figure.toFixed(2))}`)
    .join(' · ');
}

/** Production's shape: nearly all completed, none unsent, one key each. */
async function fill(database: Database, size: number): Promise<void> {
  const [stored] = await database.rows<{ count: number }>('select count(*)::int4 as count from orders');
  const missing = size - (stored?.count ?? 0);
  // UUIDv7 as the API makes them, a millisecond apart, in the order of their ids as they would have come.
  const made = `(lpad(to_hex(${oldest} + n), 12, '0')
    || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid`;
  await database.rows(
    `with made as materialized (select n, ${made} as id from generate_series($1::int8, $2::int8) as n),
     ordered as (
       insert into orders (
         id, owner, customer_email, amount_cents, currency, merchant_id, status, payment_state, version, trace_id,
         correlation_id, created_at, updated_at
       )
       select id, 'anonymous', 'bench@example.com', 1299, 'USD', 'bench',
         case when n % 100 = 0 then 'failed' else 'completed' end, 'captured', 3, md5(n::text), id::text, now(), now()
       from made
     )
     insert into idempotency_keys (caller, operation, key, fingerprint, order_id, response, expires_at)
     select 'anonymous', 'POST /v1/orders', 'key-' || md5(n::text), sha256(n::text::bytea), id, repeat('x', 500), now() + interval '72 hours'
     from made`,
    [size - missing + 1, size],
  );
  await database.rows('vacuum analyze');
}

/** An order's whole life in one transaction that is rolled back, so that each time starts from the same rows. */
async function measure(database: Database): Promise<Figures> {
  const [stored] = await database.rows<{ id: string }>(
    'select id from orders order by id desc limit 1 offset 500',
  );
  const before = stored?.id ?? '';
  const { id: orderId, owner } = sampleOrder;
  const processed = orderProcessed({ ...sampleOrder, orderId, paymentId: 'bench' }, new Date());
  const claim = { partitions: [0, 1, 2, 3, 4, 5], types: ['order.created', 'order.processed'], from: 0 };
  const statements: Record<string, Statement> = {
    accept: await samplePlacement(),
    claim: await statementOf((pool) => claimBatch(pool, { ...claim, maxRows: 500, maxBytes: 1_048_576 })),
    // The id is only known to Postgres; any other costs the same descent.
    'delete sent': await statementOf((pool) => deleteSent(pool, [{ id: 1 }])),
    begin: await statementOf((pool) => moveOrder(pool, { orderId, from: 'pending', to: 'processing' })),
    complete: await statementOf((pool) =>
      moveOrder(pool, { orderId, from: 'processing', to: 'completed', event: processed }),
    ),
    read: await statementOf((pool) => findOrder(pool, orderId)),
    list: await statementOf((pool) => listOrders(pool, { owner, limit: 21 })),
    'list at depth': await statementOf((pool) =>
      listOrders(pool, { owner, from: { older: before }, limit: 21 }),
    ),
  };
  const counts = Object.fromEntries(Object.keys(statements).map((name) => [name, [] as number[]]));
  for (let at = 0; at < repeats; at += 1) {
    await database.rows('begin');
    for (const [name, statement] of Object.entries(statements))
      counts[name]?.push(await blocksOf(database, statement));
    await database.rows('rollback');
  }
  return Object.fromEntries(Object.entries(counts).map(([name, blocks]) => [name, median(blocks)]));
}

interface Node {
  readonly 'Node Type': string;
  readonly 'Subplan Name'?: string;
  readonly 'CTE Name'?: string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly Node[];
}

async function blocksOf(database: Database, { text, values }: Statement): Promise<number> {
  const [explained] = await database.rows<{ 'QUERY PLAN': readonly { readonly Plan: Node }[] }>(
    `explain (analyze, buffers, format json) ${text}`,
    values,
  );
  const plan = explained?.['QUERY PLAN'][0]?.Plan;
  if (plan === undefined) throw new Error('Postgres explained nothing; is this the version of the stack?');
  const nodes = withAllBelow(plan);
  const scanned = new Set(nodes.flatMap((node) => node['CTE Name'] ?? []));
  // Postgres runs a writing CTE that nothing reads after the plan's root, which then does not count it.
  const after = nodes.filter(
    ({ 'Subplan Name': name = '' }) => name.startsWith('CTE ') && !scanned.has(name.slice('CTE '.length)),
  );
  return [plan, ...after].reduce(
    (total, node) => total + node['Shared Hit Blocks'] + node['Shared Read Blocks'],
    0,
  );
}

function withAllBelow(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(withAllBelow)];
}
