import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { identityProviderFailed } from '../facts.ts';
import type { Logger } from '../platform/logger.ts';

export interface KeySet {
  readonly log: Logger;
  /** A key id that is not in the set has it fetched again, once in this time: anybody can send one. */
  readonly cooldownMs?: number;
}

const answerWithinMs = 2_000;
const keepForMs = 600_000;
const pauseAfterFailureMs = 1_000;

/** No key can be had from the issuer: nothing is known of the token, good or bad. */
export class IdentityProviderError extends Error {
  override readonly name = 'IdentityProviderError';
  readonly code = 'identity_provider_unavailable';

  constructor(cause: unknown) {
    super('The keys of the tokens’ issuer cannot be fetched; repeat the request in a moment.', { cause });
  }
}

/**
 * The issuer's published keys, fetched when first needed and kept for 10 minutes: a key that was withdrawn counts no longer
 * than that. After a failure the address is left alone for a second, whatever comes in meanwhile.
 */
export function createKeySet(address: URL, { log, cooldownMs = 10_000 }: KeySet): JWTVerifyGetKey {
  let closedUntil = 0;
  const keys = createRemoteJWKSet(address, {
    timeoutDuration: answerWithinMs,
    cacheMaxAge: keepForMs,
    cooldownDuration: cooldownMs,
    [customFetch]: (url, options) =>
      performance.now() < closedUntil
        ? Promise.reject(new Error('the issuer’s keys could not be fetched a moment ago'))
        : fetch(url, options),
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (isTokensOwn(error)) throw error;
      if (performance.now() >= closedUntil) {
        closedUntil = performance.now() + pauseAfterFailureMs;
        identityProviderFailed(log, reasonOf(error));
      }
      throw new IdentityProviderError(error);
    }
  };
}

function isTokensOwn(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
}

/** What fetch itself says is "fetch failed"; why stands behind it. */
function reasonOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'cause' in error ? error.cause : error;
}
