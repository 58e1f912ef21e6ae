import { type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import type { StepDetail } from '../order/steps.ts';
import type { Pool } from './pool.ts';

/** Writes the step for as many rows as `subjects` holds: none, when the change did not happen. */
export function note(
  step: string,
  detail: StepDetail,
  subjects: FragmentSqlToken,
  more = sql.fragment`'{}'`,
): FragmentSqlToken {
  return sql.fragment`
    insert into timeline (order_id, version, step, detail, at)
    select id, version, ${step}, ${JSON.stringify(detail)}::jsonb || ${more}, updated_at from ${subjects}`;
}

const timelineRow = z.object({
  version: z.number(),
  step: z.string(),
  detail: z.record(z.string(), z.unknown()),
  at: z.date(),
});
export type TimelineEntry = z.output<typeof timelineRow>;

/** Every step after the first, oldest first; a handful for any order. */
export async function readSteps(pool: Pool, orderId: string): Promise<readonly TimelineEntry[]> {
  return pool.rows(sql.type(timelineRow)`
    select version, step, detail, at from timeline where order_id = ${orderId} order by version`);
}

const failedAttemptRow = z.object({
  step: z.string(),
  attempt: z.number(),
  error: z.string(),
  at: z.date(),
  next_at: z.date().nullable(),
});
export type FailedAttempt = z.output<typeof failedAttemptRow>;

export async function readFailedAttempt(pool: Pool, orderId: string): Promise<FailedAttempt | undefined> {
  const [row] = await pool.rows(sql.type(failedAttemptRow)`
    select step, attempt, error, at, next_at from failed_attempts where order_id = ${orderId}`);
  return row;
}

export interface AttemptFailure {
  readonly orderId: string;
  readonly step: string;
  readonly attempt: number;
  readonly error: string;
  /** From now on. */
  readonly nextInMs: number;
}

/** Keeps the newest failure of the order's current step. */
export async function keepFailedAttempt(pool: Pool, failure: AttemptFailure): Promise<void> {
  const { orderId, step, attempt, error, nextInMs } = failure;
  await pool.rows(sql.unsafe`
    insert into failed_attempts (order_id, step, attempt, error, at, next_at)
    values (${orderId}, ${step}, ${attempt}, ${error}, now(), now() + make_interval(secs => ${nextInMs / 1_000}))
    on conflict (order_id) do update set
      step = excluded.step, attempt = excluded.attempt, error = excluded.error,
      at = excluded.at, next_at = excluded.next_at`);
}
