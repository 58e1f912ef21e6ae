import type { Context } from 'koa';
import { Problem } from '../../platform/http/problem.ts';
import { type Claim, claimKey, claimKeyFor } from '../../store/idempotency.ts';
import { callerOf } from '../caller.ts';
import { fingerprint } from '../fingerprint.ts';
import type { OrderRoutes } from './orders.ts';

interface KeyedRequest {
  readonly operation: string;
  readonly key: string;
  readonly body: unknown;
}

type Keeping = Pick<OrderRoutes, 'pool' | 'idempotencyTtlMs'>;

/** True for a repeat of the request that the key belongs to; 422 when it belongs to another one. */
export async function claimOnce(deps: Keeping, ctx: Context, request: KeyedRequest): Promise<boolean> {
  const outcome = await claimKey(deps.pool, claimOf(deps, ctx, request));
  if (outcome === 'reused') throw keyReused();
  return outcome === 'again';
}

/** As above, for a request that makes something: with `id`, or a repeat with the id of the first. */
export async function claimIdOnce(
  deps: Keeping,
  ctx: Context,
  { id, ...request }: KeyedRequest & { readonly id: string },
): Promise<{ readonly id: string; readonly isRepeat: boolean }> {
  const { outcome, subjectId } = await claimKeyFor(deps.pool, claimOf(deps, ctx, request), id);
  if (outcome === 'reused') throw keyReused();
  return { id: subjectId, isRepeat: outcome === 'again' };
}

function claimOf({ idempotencyTtlMs }: Keeping, ctx: Context, { operation, key, body }: KeyedRequest): Claim {
  return {
    caller: callerOf(ctx),
    operation,
    key,
    fingerprint: fingerprint(body),
    ttlMs: idempotencyTtlMs,
  };
}

export function keyReused(): Problem {
  const detail = 'This Idempotency-Key belongs to another request; send a new key for a new one.';
  return new Problem(422, 'idempotency_key_reused', detail);
}
