import { sql } from 'slonik';
import { z } from 'zod';
import { isLockedOut, type Pool, StoreUnavailableError } from './pool.ts';

export interface Claim {
  readonly caller: string;
  readonly operation: string;
  readonly key: string;
  /** SHA-256 of the request's canonical body. */
  readonly fingerprint: Buffer;
  readonly ttlMs: number;
}

/** Another request with the same key is under way and did not end within the second that this one waited. */
export class KeyBusyError extends Error {
  override readonly name = 'KeyBusyError';
  readonly code = 'request_in_progress';

  constructor(cause?: unknown) {
    super('A request with this Idempotency-Key is still under way; repeat this one in a moment.', { cause });
  }
}

/** A statement that claims keys waits for nothing but another request with one of them. */
export async function waitingForKey<T>(claiming: Promise<T>): Promise<T> {
  try {
    return await claiming;
  } catch (error) {
    if (error instanceof StoreUnavailableError && isLockedOut(error)) throw new KeyBusyError(error);
    throw error;
  }
}

const claimed = z.object({ is_same: z.boolean(), subject_id: z.string().nullable() });

type Claimed = 'first' | 'again' | 'reused';

/**
 * Keeps a key for a request whose work may be repeated without harm: `again` for the same request, `reused` for another one.
 * The work comes after it, so that a request which died in between is finished by its repeat.
 */
export async function claimKey(pool: Pool, claim: Claim): Promise<Claimed> {
  return (await keep(pool, claim, null)).outcome;
}

/** As above, for a request that makes something: its id is kept with the key, and a repeat is told the first one's. */
export async function claimKeyFor(
  pool: Pool,
  claim: Claim,
  subjectId: string,
): Promise<{ readonly outcome: Claimed; readonly subjectId: string }> {
  const { outcome, kept } = await keep(pool, claim, subjectId);
  return { outcome, subjectId: kept ?? subjectId };
}

/** Forgets at most `limit` keys whose time is over; resolves to how many. */
export async function sweepKeys(pool: Pool, limit: number): Promise<number> {
  const swept = await pool.rows(sql.unsafe`
    delete from idempotency_keys
    where ctid = any(array(
      select ctid from idempotency_keys where expires_at <= now() limit ${limit} for update skip locked
    ))
    returning true`);
  return swept.length;
}

async function keep(
  pool: Pool,
  claim: Claim,
  subjectId: string | null,
): Promise<{ outcome: Claimed; kept: string | null }> {
  const { caller, operation, key, ttlMs } = claim;
  const fingerprint = sql.binary(claim.fingerprint);
  const inserted = await waitingForKey(
    pool.rows(sql.type(claimed)`
      insert into idempotency_keys (caller, operation, key, fingerprint, order_id, expires_at)
      values (
        ${caller}, ${operation}, ${key}, ${fingerprint}, ${subjectId}::uuid,
        now() + make_interval(secs => ${ttlMs / 1_000}::float8)
      )
      on conflict on constraint idempotency_keys_pkey do update set
        fingerprint = excluded.fingerprint, order_id = excluded.order_id, expires_at = excluded.expires_at
      where idempotency_keys.expires_at <= now()
      returning true as is_same, order_id as subject_id`),
  );
  if (inserted.length > 0) return { outcome: 'first', kept: subjectId };
  const [before] = await pool.rows(sql.type(claimed)`
    select fingerprint = ${fingerprint} as is_same, order_id as subject_id from idempotency_keys
    where caller = ${caller} and operation = ${operation} and key = ${key}`);
  // Gone between the two statements means it expired.
  if (before === undefined) return keep(pool, claim, subjectId);
  return { outcome: before.is_same ? 'again' : 'reused', kept: before.subject_id };
}
