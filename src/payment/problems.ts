import { Problem } from '../platform/http/problem.ts';
import { ChargeNotFoundError, KeyReusedError, RefundExceedsCaptureError } from './refusals.ts';

/** The one place where the provider's refusals become HTTP. */
export function toProblem(error: unknown): Problem | undefined {
  if (error instanceof KeyReusedError) return new Problem(422, error.code, error.message);
  if (error instanceof ChargeNotFoundError) return new Problem(404, error.code, error.message);
  if (error instanceof RefundExceedsCaptureError) return new Problem(409, error.code, error.message);
  if (isLockTimeout(error)) {
    const detail = 'Another process holds the ledger; repeat the request with the same Idempotency-Key.';
    return new Problem(503, 'ledger_busy', detail, { headers: { 'Retry-After': '1' }, cause: error });
  }
  return undefined;
}

function isLockTimeout(error: unknown): boolean {
  // SQLite's primary result code is the low byte; 5 is SQLITE_BUSY.
  const errcode =
    typeof error === 'object' && error !== null && 'errcode' in error ? error.errcode : undefined;
  return typeof errcode === 'number' && (errcode & 0xff) === 5;
}
