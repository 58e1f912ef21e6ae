import { sql } from 'slonik';
import { z } from 'zod';
import { isId } from '../core/id.ts';
import type { ComparedOrder, Fact } from '../order/differences.ts';
import { orderStatuses, type PaymentState } from '../order/order.ts';
import type { Pool } from './pool.ts';

export interface NamedFact {
  readonly orderId: string;
  /** Of the fact itself: told twice it is there once. */
  readonly id: string;
  readonly fact: Fact;
}

export async function keepFacts(pool: Pool, attempt: string, facts: readonly NamedFact[]): Promise<void> {
  const given = facts.map(({ orderId, id, fact }) => [
    storable(orderId),
    storable(id),
    storable(JSON.stringify(fact)),
  ]);
  await pool.rows(sql.unsafe`
    insert into reconciliation_facts as known (attempt, order_id, facts)
    select ${attempt}::uuid, order_id, jsonb_object_agg(id, fact)
    from ${sql.unnest(given, ['text', 'text', 'jsonb'])} as given (order_id, id, fact)
    group by order_id
    on conflict on constraint reconciliation_facts_pkey do update set facts = known.facts || excluded.facts`);
}

/** Anybody may write to a topic; Postgres has neither U+0000 nor half a surrogate pair, and what stands for them belongs to no order. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD').replaceAll('\\u0000', '\uFFFD');
}

export async function forgetFacts(pool: Pool): Promise<void> {
  await pool.rows(sql.unsafe`truncate reconciliation_facts`);
}

interface Page {
  readonly attempt: string;
  /** The id that the page before ended with. */
  readonly after: string | undefined;
  readonly limit: number;
}

// Only keepFacts writes them.
const facts = z.record(z.string(), z.custom<Fact>());

const comparedRow = z.object({
  id: z.string(),
  status: z.enum(orderStatuses),
  amount_cents: z.number(),
  currency: z.string(),
  payment_state: z.custom<PaymentState>(),
  created_at: z.date(),
  updated_at: z.date(),
  facts: facts.nullable(),
});

export interface KnownOrder {
  readonly orderId: string;
  readonly order: ComparedOrder;
  readonly facts: readonly Fact[];
}

/** Orders that have not changed since `before`, by id, each with what the other sides say. */
export async function readOrdersWithFacts(
  pool: Pool,
  { attempt, after, before, limit }: Page & { before: Date },
): Promise<readonly KnownOrder[]> {
  const from = after === undefined ? sql.fragment`` : sql.fragment`and id > ${after}`;
  const rows = await pool.rows(sql.type(comparedRow)`
    with page as materialized (
      select id, status, amount_cents, currency, payment_state, created_at, updated_at from orders
      where updated_at < ${before.toISOString()}::timestamptz ${from} order by id limit ${limit}
    )
    select page.*, (select facts from reconciliation_facts where attempt = ${attempt} and order_id = id::text)
    from page order by id`);
  return rows.map((row) => ({
    orderId: row.id,
    order: {
      status: row.status,
      amountCents: row.amount_cents,
      currency: row.currency,
      paymentState: row.payment_state,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    },
    facts: Object.values(row.facts ?? {}),
  }));
}

const factsRow = z.object({ order_id: z.string(), facts });
const idRow = z.object({ id: z.string() });

export interface FactsPage {
  /** Where it ends; undefined when it is empty. */
  readonly last: string | undefined;
  /** What is said of orders that do not exist. */
  readonly unknown: readonly { readonly orderId: string; readonly facts: readonly Fact[] }[];
}

export async function readFactsWithoutOrder(pool: Pool, { attempt, after, limit }: Page): Promise<FactsPage> {
  const rows = await pool.rows(sql.type(factsRow)`
    select order_id, facts from reconciliation_facts
    where attempt = ${attempt} and order_id > ${after ?? ''} order by order_id limit ${limit}`);
  const ids = rows.map(({ order_id }) => order_id).filter(isId);
  const found = await pool.rows(sql.type(idRow)`
    select id from orders where id = any(${sql.array(ids, 'uuid')})`);
  const known = new Set(found.map(({ id }) => id));
  return {
    last: rows.at(-1)?.order_id,
    unknown: rows
      .filter(({ order_id }) => !known.has(order_id.toLowerCase()))
      .map(({ order_id, facts }) => ({ orderId: order_id, facts: Object.values(facts) })),
  };
}
