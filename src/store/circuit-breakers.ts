import { sql } from 'slonik';
import { z } from 'zod';
import type { Pool } from './pool.ts';
import { openSession } from './session.ts';

const channel = 'circuit_breakers';

const breakerRow = z.object({
  name: z.string(),
  state: z.enum(['closed', 'open']),
  failures: z.number(),
  opened_at: z.date().nullable(),
  until: z.date().nullable(),
  changed_at: z.date(),
  process: z.string().nullable(),
  version: z.number(),
  /** Until a call may be let through, by Postgres' clock: processes on other machines have clocks of their own. */
  open_ms: z.number(),
});

/** A breaker as all processes share it. */
export type BreakerRow = z.output<typeof breakerRow>;

const columns = sql.fragment`
  name, state, failures, opened_at, until, changed_at, process, version,
  (coalesce(greatest(0, extract(epoch from until - now())), 0) * 1000)::float8 as open_ms`;

/** By name; one that nobody has ever written is not among them. */
export function listBreakers(pool: Pool) {
  return pool.rows(sql.type(breakerRow)`select ${columns} from circuit_breakers order by name`);
}

export async function findBreaker(pool: Pool, name: string): Promise<BreakerRow | undefined> {
  const [row] = await pool.rows(
    sql.type(breakerRow)`select ${columns} from circuit_breakers where name = ${name}`,
  );
  return row;
}

export interface BreakerNews {
  readonly name: string;
  readonly process: string;
  readonly state: 'closed' | 'open';
  readonly failures: number;
  /** 0 with `closed`. */
  readonly openMs: number;
}

/** Keeps and announces what a process found out; opened again after a probe, a breaker keeps the time of its first opening. */
export async function saveBreaker(pool: Pool, { name, process, state, failures, openMs }: BreakerNews) {
  const isOpen = state === 'open';
  await pool.rows(sql.unsafe`
    with saved as (
      insert into circuit_breakers as known (name, state, failures, opened_at, until, process)
      values (
        ${name}, ${state}, ${failures},
        case when ${isOpen}::bool then now() end,
        case when ${isOpen}::bool then now() + make_interval(secs => ${openMs / 1_000}::float8) end,
        ${process}
      )
      on conflict on constraint circuit_breakers_pkey do update set
        state = excluded.state, failures = excluded.failures, until = excluded.until, process = excluded.process,
        opened_at = case when excluded.state = 'open' then coalesce(known.opened_at, excluded.opened_at) end,
        changed_at = now(), version = known.version + 1
      returning name
    )
    select pg_notify(${channel}, name) from saved`);
}

/** Closes a breaker, or all of them, whatever its processes found; resolves to those it closed, none for an unknown name. */
export function resetBreakers(pool: Pool, name?: string) {
  return pool.rows(sql.type(breakerRow)`
    with reset as (
      update circuit_breakers set
        state = 'closed', failures = 0, opened_at = null, until = null, process = null,
        changed_at = now(), version = version + 1
      where ${name ?? null}::text is null or name = ${name ?? null}
      returning *
    )
    select ${columns}, pg_notify(${channel}, name)::text as announced from reset order by name`);
}

/** A connection of its own that hears of every write. */
export function listenToBreakers(
  databaseUrl: string,
  on: { onWake: () => void; onLost: (error: Error) => void },
): Promise<AsyncDisposable> {
  return openSession(databaseUrl, { channel, ...on });
}
