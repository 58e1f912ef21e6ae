import { sql } from 'slonik';
import { z } from 'zod';
import type { Pool } from './pool.ts';

export interface Report {
  /** What this process allowed each caller during the last `seconds`. */
  readonly requests: ReadonlyMap<string, number>;
  readonly seconds: number;
  readonly perSecond: number;
}

const levelRow = z.object({ caller: z.string(), seconds_to_full: z.number() });

/**
 * Adds what this process allowed to what all of them did, and says where each of these callers stands now. The requests
 * count from the beginning of the `seconds`: the bucket had all of that time to fill.
 * Repeated after its answer was lost it counts them twice, and a caller has a moment's fewer requests.
 */
export async function shareRequests(pool: Pool, { requests, seconds, perSecond }: Report) {
  const given = Array.from(requests, ([caller, count]) => [caller, count / perSecond]);
  const began = sql.fragment`(now() - make_interval(secs => ${seconds}::float8))`;
  return pool.rows(sql.type(levelRow)`
    with given as materialized (
      select * from ${sql.unnest(given, ['text', 'float8'])} as given (caller, seconds)
    ), forgotten as (
      delete from rate_limits where caller in (
        select caller from rate_limits
        where full_at <= now() and caller not in (select caller from given)
        -- Never waited for: two processes that forget and count in each other's way would wait in a circle.
        for update skip locked
      )
    )
    insert into rate_limits as known (caller, full_at)
    select caller, ${began} + make_interval(secs => seconds)
    from given
    -- Everywhere the same order, for the same reason.
    order by caller
    on conflict on constraint rate_limits_pkey do update set
      full_at = greatest(known.full_at, ${began}) + (excluded.full_at - ${began})
    returning caller, greatest(0, extract(epoch from full_at - now()))::float8 as seconds_to_full`);
}
