import { sql } from 'slonik';
import { z } from 'zod';
import type { Fact } from '../core/differences.ts';
import { isId } from '../core/id.ts';
import type { ComparedTransaction, Entry } from '../ledger/differences.ts';
import { transactionStatuses, transactionTypes } from '../ledger/transaction.ts';
import type { ComparedOrder } from '../order/differences.ts';
import { orderStatuses, type PaymentState } from '../order/order.ts';
import type { Pool } from './pool.ts';

export interface NamedFact {
  readonly subjectId: string;
  /** Of the fact itself: told twice it is there once. */
  readonly id: string;
  readonly fact: Fact;
}

export async function keepFacts(pool: Pool, attempt: string, facts: readonly NamedFact[]): Promise<void> {
  const given = facts.map(({ subjectId, id, fact }) => [
    storable(subjectId),
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

/** Anybody may write to a topic; Postgres has neither U+0000 nor half a surrogate pair, and what stands for them belongs to no subject. */
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

// Only post() writes them.
const entries = z.array(z.custom<Entry>());

const comparedRow = z.object({
  id: z.string(),
  amount_cents: z.number(),
  currency: z.string(),
  created_at: z.date(),
  updated_at: z.date(),
  facts: facts.nullable(),
  entries: entries.nullable(),
});

interface Compared {
  readonly id: string;
  readonly facts: readonly Fact[];
  readonly entries: readonly Entry[];
}

/** What the other sides, and the book, say of the rows of `page`. */
const said = (attempt: string) => sql.fragment`
  (select facts from reconciliation_facts where attempt = ${attempt} and order_id = id::text),
  (
    select jsonb_agg(jsonb_build_object('kind', kind, 'account', account, 'cents', amount_cents))
    from entries where subject_id = id
  ) as entries`;

const unchangedSince = ({ before, after, limit }: SettledPage) => sql.fragment`
  where updated_at < ${before.toISOString()}::timestamptz
    ${after === undefined ? sql.fragment`` : sql.fragment`and id > ${after}`}
  order by id limit ${limit}`;

export interface SettledPage extends Page {
  /** Only what has not changed since then. */
  readonly before: Date;
}

const common = (row: z.output<typeof comparedRow>) => ({
  amountCents: row.amount_cents,
  currency: row.currency,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const toCompared = (row: z.output<typeof comparedRow>): Compared => ({
  id: row.id,
  facts: Object.values(row.facts ?? {}),
  entries: row.entries ?? [],
});

const comparedOrderRow = comparedRow.extend({
  status: z.enum(orderStatuses),
  merchant_id: z.string().nullable(),
  payment_state: z.custom<PaymentState>(),
});

/** Orders by id, each with what the other sides say. */
export async function readOrdersWithFacts(
  pool: Pool,
  page: SettledPage,
): Promise<readonly (Compared & { readonly order: ComparedOrder })[]> {
  const rows = await pool.rows(sql.type(comparedOrderRow)`
    with page as materialized (
      select id, status, amount_cents, currency, merchant_id, payment_state, created_at, updated_at
      from orders ${unchangedSince(page)}
    )
    select page.*, ${said(page.attempt)} from page order by id`);
  return rows.map((row) => ({
    ...toCompared(row),
    order: {
      ...common(row),
      status: row.status,
      merchantId: row.merchant_id,
      paymentState: row.payment_state,
    },
  }));
}

const comparedTransactionRow = comparedRow.extend({
  status: z.enum(transactionStatuses),
  type: z.enum(transactionTypes),
  account_id: z.string(),
  counter_account_id: z.string().nullable(),
});

/** The same of transactions. */
export async function readTransactionsWithFacts(
  pool: Pool,
  page: SettledPage,
): Promise<readonly (Compared & { readonly transaction: ComparedTransaction })[]> {
  const rows = await pool.rows(sql.type(comparedTransactionRow)`
    with page as materialized (
      select id, status, type, account_id, counter_account_id, amount_cents, currency, created_at, updated_at
      from transactions ${unchangedSince(page)}
    )
    select page.*, ${said(page.attempt)} from page order by id`);
  return rows.map((row) => ({
    ...toCompared(row),
    transaction: {
      ...common(row),
      status: row.status,
      type: row.type,
      accountId: row.account_id,
      counterAccountId: row.counter_account_id,
    },
  }));
}

const factsRow = z.object({ order_id: z.string(), facts });
const idRow = z.object({ id: z.string() });

export interface FactsPage {
  /** Where it ends; undefined when it is empty. */
  readonly last: string | undefined;
  /** What is said of subjects that do not exist. */
  readonly unknown: readonly { readonly id: string; readonly facts: readonly Fact[] }[];
}

export async function readFactsWithoutSubject(
  pool: Pool,
  { attempt, after, limit }: Page,
): Promise<FactsPage> {
  const rows = await pool.rows(sql.type(factsRow)`
    select order_id, facts from reconciliation_facts
    where attempt = ${attempt} and order_id > ${after ?? ''} order by order_id limit ${limit}`);
  const ids = rows.map(({ order_id }) => order_id).filter(isId);
  const found = await pool.rows(sql.type(idRow)`
    select id from orders where id = any(${sql.array(ids, 'uuid')})
    union all
    select id from transactions where id = any(${sql.array(ids, 'uuid')})`);
  const known = new Set(found.map(({ id }) => id));
  return {
    last: rows.at(-1)?.order_id,
    unknown: rows
      .filter(({ order_id }) => !known.has(order_id.toLowerCase()))
      .map(({ order_id, facts }) => ({ id: order_id, facts: Object.values(facts) })),
  };
}
