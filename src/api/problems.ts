import { OrderNotFoundError } from '../order/errors.ts';
import { Problem } from '../platform/http/problem.ts';
import { TemporalUnavailableError } from '../platform/temporal-client.ts';
import { KeyBusyError } from '../store/idempotency.ts';
import { StoreUnavailableError } from '../store/pool.ts';
import { TokenRefusedError } from './authenticator.ts';
import { IdentityProviderError } from './key-set.ts';

/** The one place where this application's own errors meet status codes. */
export function translateError(error: unknown): Problem | undefined {
  if (error instanceof OrderNotFoundError) return new Problem(404, error.code, error.message);
  if (error instanceof KeyBusyError) return new Problem(409, error.code, error.message, retrySoon(error));
  if (error instanceof TokenRefusedError) {
    const headers = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };
    return new Problem(401, error.code, error.message, { headers });
  }
  if (error instanceof IdentityProviderError) {
    return new Problem(503, error.code, error.message, retrySoon(error));
  }
  if (error instanceof TemporalUnavailableError) {
    return new Problem(
      503,
      error.code,
      'Temporal cannot be reached; repeat the request in a moment.',
      retrySoon(error),
    );
  }
  if (error instanceof StoreUnavailableError) {
    return new Problem(
      503,
      error.code,
      'The order store cannot be reached; repeat the request in a moment, with the same Idempotency-Key if it had one.',
      retrySoon(error),
    );
  }
  return undefined;
}

const retrySoon = (cause: unknown) => ({ headers: { 'Retry-After': '1' }, cause });
