import type { Context } from 'koa';
import { Problem } from '../../platform/http/problem.ts';
import { claimKey } from '../../store/idempotency.ts';
import { callerOf } from '../caller.ts';
import { fingerprint } from '../fingerprint.ts';
import type { OrderRoutes } from './orders.ts';

interface KeyedRequest {
  readonly operation: string;
  readonly key: string;
  readonly body: unknown;
}

/** True for a repeat of the request that the key belongs to; 422 when it belongs to another one. */
export async function claimOnce(
  { pool, idempotencyTtlMs }: Pick<OrderRoutes, 'pool' | 'idempotencyTtlMs'>,
  ctx: Context,
  { operation, key, body }: KeyedRequest,
): Promise<boolean> {
  const outcome = await claimKey(pool, {
    caller: callerOf(ctx),
    operation,
    key,
    fingerprint: fingerprint(body),
    ttlMs: idempotencyTtlMs,
  });
  if (outcome === 'reused') throw keyReused();
  return outcome === 'again';
}

export function keyReused(): Problem {
  const detail = 'This Idempotency-Key belongs to another request; send a new key for a new one.';
  return new Problem(422, 'idempotency_key_reused', detail);
}
