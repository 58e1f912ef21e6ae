import { findOrder, listOrders, moveOrder } from '../../src/store/orders.ts';
import { claimBatch, deleteSent } from '../../src/store/outbox.ts';
import { type Database, openDatabase } from '../accept-api.ts';
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

/** Blocks that each hot statement reads with few and with many orders stored: a count, so no clock is in it. */
export async function growth(
  system: System,
  { sizes }: GrowthPlan,
  say: (line: string) => void,
): Promise<Part> {
  const database = await openDatabase(system, 'bench_growth');
  try {
    const bySize: { size: number; blocks: Readonly<Record<string, number>> }[] = [];
    for (const size of sizes) {
      await fill(database, size);
      const blocks = await measure(database);
      bySize.push({ size, blocks });
      say(
        `  ${size} orders: ${Object.entries(blocks)
          .map(([name, read]) => `${name} ${read}`)
          .join(' · ')} blocks`,
      );
    }
    const first = bySize[0]?.blocks ?? {};
    const last = bySize.at(-1)?.blocks ?? {};
    return {
      name: 'growth',
      rows: Object.entries(last).map(([name, blocks]) => ({
        id: `blocks-${name}`,
        question: `blocks that ${name} touches with ${sizes.at(-1)} orders stored ÷ with ${sizes[0]}`,
        ratio: exactly(blocks / (first[name] ?? Number.NaN)),
        bar: { most: 1.25, stretch: 1.1 },
      })),
      notes: bySize.map(({ size, blocks }) => `${size} orders: ${JSON.stringify(blocks)}`),
      figures: { bySize },
    };
  } finally {
    await database.end();
  }
}

/** Production's shape: nearly all completed, none unsent, one key each. */
async function fill(database: Database, size: number): Promise<void> {
  const [stored] = await database.rows<{ count: number }>('select count(*)::int4 as count from orders');
  const missing = size - (stored?.count ?? 0);
  // UUIDv7 as the API makes them, a millisecond apart, the newest last; literal text, so that it sorts as the real ones do.
  const made = `(lpad(to_hex((extract(epoch from now()) * 1000)::int8 - ${size} + n), 12, '0')
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

async function measure(database: Database): Promise<Record<string, number>> {
  const [stored] = await database.rows<{ id: string }>(
    'select id from orders order by id desc limit 1 offset 500',
  );
  const id = stored?.id ?? '';
  const statements: Record<string, Statement> = {
    accept: await samplePlacement(),
    read: await statementOf((pool) => findOrder(pool, id)),
    list: await statementOf((pool) => listOrders(pool, { owner: 'anonymous', limit: 21 })),
    'list at depth': await statementOf((pool) =>
      listOrders(pool, { owner: 'anonymous', before: id, limit: 21 }),
    ),
    move: await statementOf((pool) =>
      moveOrder(pool, { orderId: sampleOrder.id, from: 'pending', to: 'processing' }),
    ),
    claim: await statementOf((pool) =>
      claimBatch(pool, {
        partitions: [0, 1, 2, 3, 4, 5],
        types: ['order.created'],
        maxRows: 500,
        maxBytes: 1_048_576,
      }),
    ),
    'delete sent': await statementOf((pool) => deleteSent(pool, [])),
  };
  const blocks: Record<string, number> = {};
  for (const [name, statement] of Object.entries(statements)) {
    const reads: number[] = [];
    for (let at = 0; at < repeats; at += 1) reads.push(await blocksOf(database, statement));
    blocks[name] = median(reads);
  }
  return blocks;
}

interface Explained {
  readonly 'QUERY PLAN': readonly {
    readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
  }[];
}

/** Rolled back, so that the next size starts from the same rows. */
async function blocksOf(database: Database, { text, values }: Statement): Promise<number> {
  await database.rows('begin');
  try {
    const [explained] = await database.rows<Explained>(
      `explain (analyze, buffers, format json) ${text}`,
      values,
    );
    const plan = explained?.['QUERY PLAN'][0]?.Plan;
    return (plan?.['Shared Hit Blocks'] ?? Number.NaN) + (plan?.['Shared Read Blocks'] ?? 0);
  } finally {
    await database.rows('rollback');
  }
}
