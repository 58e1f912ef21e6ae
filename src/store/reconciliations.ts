import { sql } from 'slonik';
import { z } from 'zod';
import type { Pool } from './pool.ts';

const finding = { kind: z.string(), detail: z.record(z.string(), z.unknown()) };
const orderDifference = z.object({ ...finding, order_id: z.string() });
const transactionDifference = z.object({ ...finding, transaction_id: z.string() });
const difference = z.union([orderDifference, transactionDifference]);
/** What the sides of one subject say against each other. */
export type Difference = z.output<typeof difference>;

const row = z.object({
  id: z.string(),
  requested_at: z.date(),
  started_at: z.date().nullable(),
  finished_at: z.date().nullable(),
  last_error: z.string().nullable(),
  counts: z.record(z.string(), z.number()).nullable(),
  differences: z.array(difference).nullable(),
  differences_total: z.number().nullable(),
});
/** One comparison of all sides; `counts` and what follows is there once it is finished. */
export type Reconciliation = z.output<typeof row>;

const columns = sql.fragment`
  id, requested_at, started_at, finished_at, last_error, counts, differences, differences_total`;

/** Asks for one; the one that waits or runs already, where there is one. */
export async function requestReconciliation(
  pool: Pool,
  { id, caller }: { id: string; caller: string },
): Promise<{ reconciliation: Reconciliation; isNew: boolean }> {
  const [made] = await pool.rows(sql.type(row)`
    insert into reconciliations (id, requested_by, requested_at) values (${id}, ${caller}, now())
    on conflict do nothing returning ${columns}`);
  if (made !== undefined) return { reconciliation: made, isNew: true };
  const [last] = await pool.rows(sql.type(row)`
    select ${columns} from reconciliations order by finished_at is null desc, finished_at desc limit 1`);
  if (last === undefined) throw new Error('A reconciliation was neither made nor found; ask again.');
  return { reconciliation: last, isNew: false };
}

/** The last one that is finished, and the one that waits or runs. */
export async function readReconciliations(
  pool: Pool,
): Promise<{ finished: Reconciliation | undefined; open: Reconciliation | undefined }> {
  const rows = await pool.rows(sql.type(row)`
    (select ${columns} from reconciliations where finished_at is null)
    union all
    (select ${columns} from reconciliations where finished_at is not null order by finished_at desc limit 1)`);
  return {
    finished: rows.find(({ finished_at }) => finished_at !== null),
    open: rows.find(({ finished_at }) => finished_at === null),
  };
}

/** Of the last one that is finished; undefined before the first. */
export async function countDifferences(pool: Pool): Promise<number | undefined> {
  const [last] = await pool.rows(sql.type(z.object({ found: z.number() }))`
    select differences_total as found from reconciliations where finished_at is not null
    order by finished_at desc limit 1`);
  return last?.found;
}

const claimRow = z.object({ id: z.string(), started_at: z.date() });

export interface Attempt {
  readonly attempt: string;
  readonly id: string;
  readonly startedAt: Date;
}

/** Takes up the one that waits, for `leaseMs` and no other keeper. */
export async function claimReconciliation(
  pool: Pool,
  { attempt, leaseMs }: { attempt: string; leaseMs: number },
): Promise<Attempt | undefined> {
  const [claimed] = await pool.rows(sql.type(claimRow)`
    update reconciliations
    set started_at = now(), attempt = ${attempt}, leased_until = now() + make_interval(secs => ${leaseMs / 1_000}::float8)
    where finished_at is null and (leased_until is null or leased_until < now() or attempt = ${attempt})
    returning id, started_at`);
  return claimed && { attempt, id: claimed.id, startedAt: claimed.started_at };
}

/** Throws when another keeper has taken it over. */
export async function renewLease(
  pool: Pool,
  { attempt, leaseMs }: { attempt: string; leaseMs: number },
): Promise<void> {
  const rows = await pool.rows(sql.type(z.object({ id: z.string() }))`
    update reconciliations set leased_until = now() + make_interval(secs => ${leaseMs / 1_000}::float8)
    where attempt = ${attempt} and finished_at is null returning id`);
  if (rows.length === 0) throw takenOver();
}

export interface Result {
  readonly counts: Readonly<Record<string, number>>;
  readonly differences: readonly Difference[];
  readonly differencesTotal: number;
}

// Each may hold 1,000 differences, some 200 kB.
const mostReports = 20;

/** Its report becomes the last one; the oldest go. Throws when another keeper has taken it over. */
export async function finishReconciliation(pool: Pool, attempt: string, result: Result): Promise<void> {
  const rows = await pool.rows(sql.type(z.object({ id: z.string() }))`
    with old as (
      delete from reconciliations where id in (
        select id from reconciliations where finished_at is not null order by finished_at desc offset ${mostReports}
      )
    )
    update reconciliations set
      finished_at = now(), last_error = null,
      counts = ${JSON.stringify(result.counts)}::jsonb,
      differences = ${JSON.stringify(result.differences)}::jsonb,
      differences_total = ${result.differencesTotal}
    where attempt = ${attempt} and finished_at is null
    returning id`);
  if (rows.length === 0) throw takenOver();
}

/** It is tried again after `retryMs`. */
export async function postponeReconciliation(
  pool: Pool,
  { attempt, error, retryMs }: { attempt: string; error: string; retryMs: number },
): Promise<void> {
  await pool.rows(sql.unsafe`
    update reconciliations set
      last_error = ${error}, started_at = null, attempt = null,
      leased_until = now() + make_interval(secs => ${retryMs / 1_000}::float8)
    where attempt = ${attempt} and finished_at is null`);
}

const takenOver = () => new Error('Another keeper has taken this reconciliation over; it goes on there.');

/** Asks for one when the last is older than `everyMs`. */
export async function requestDueReconciliation(
  pool: Pool,
  { id, caller, everyMs }: { id: string; caller: string; everyMs: number },
): Promise<void> {
  await pool.rows(sql.unsafe`
    insert into reconciliations (id, requested_by, requested_at)
    select ${id}, ${caller}, now()
    where not exists (
      select from reconciliations where finished_at > now() - make_interval(secs => ${everyMs / 1_000}::float8)
    )
    on conflict do nothing`);
}
