import type { Context } from 'koa';
import { Problem } from './problem.ts';

/** As below, for a request that may come without one. */
export function readOptionalIdempotencyKey(ctx: Context): string | undefined {
  return ctx.req.headers['idempotency-key'] === undefined ? undefined : readIdempotencyKey(ctx);
}

/** The request's key, bare or quoted; 400 when it is missing, given twice, or not 1–255 visible ASCII characters. */
export function readIdempotencyKey(ctx: Context): string {
  const given = ctx.req.headersDistinct['idempotency-key'] ?? [];
  if (given.length !== 1) {
    const detail = 'Send exactly one Idempotency-Key header, a new one for each new request.';
    throw new Problem(400, 'idempotency_key_required', detail);
  }
  const [value = ''] = given;
  const key = value.startsWith('"') ? (/^"(.*)"$/.exec(value)?.[1] ?? '') : value;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    const detail = 'Make the Idempotency-Key 1 to 255 visible ASCII characters without spaces.';
    throw new Problem(400, 'idempotency_key_invalid', detail);
  }
  return key;
}
