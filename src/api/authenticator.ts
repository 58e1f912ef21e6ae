import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { AuthSettings } from '../platform/auth.ts';
import { algorithmsOf, signatureAlgorithms } from '../platform/public-key.ts';
import { createKeySet, type KeySet } from './key-set.ts';

interface Identity {
  /** Issuer and subject as a JSON array: no other pair is written the same, and none is `anonymous`. */
  readonly caller: string;
  readonly scopes: ReadonlySet<string>;
}

/** Who sent the token; rejects with a TokenRefusedError or an IdentityProviderError. */
export type Authenticator = (token: string) => Promise<Identity>;

export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
  readonly code = 'token_invalid';
}

// For clocks that are kept in time but not to the second.
const clockToleranceSeconds = 5;

export function createAuthenticator({ issuer, audience, keys }: AuthSettings, keySet: KeySet): Authenticator {
  const key = keys instanceof URL ? createKeySet(keys, keySet) : keys;
  const options = {
    algorithms: [...(keys instanceof URL ? signatureAlgorithms : algorithmsOf(keys))],
    issuer,
    audience,
    requiredClaims: ['exp', 'sub'],
    clockTolerance: clockToleranceSeconds,
  };
  return async (token) => {
    const { payload } = await jwtVerify(token, key, options).catch(refuse);
    return { caller: JSON.stringify([issuer, subjectOf(payload)]), scopes: scopesOf(payload) };
  };
}

const otherKey = 'The token is not signed with a key of its issuer; get a new one.';

const reasons: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'The token has expired; get a new one.',
  ERR_JOSE_ALG_NOT_ALLOWED:
    'The token’s signature algorithm is not accepted; have it signed with a key pair.',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS:
    'The token does not say which key signed it; have it issued with a kid header.',
  ERR_JWKS_NO_MATCHING_KEY: otherKey,
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: otherKey,
};

const claimReasons: Readonly<Record<string, string>> = {
  iss: 'The token is from another issuer; get one from the issuer that this API trusts.',
  aud: 'The token is for another audience; get one that is meant for this API.',
  exp: 'The token does not say when it expires; have it issued with an exp claim.',
  nbf: 'The token is not valid yet; repeat the request when it is, or set the clocks right.',
  sub: 'The token does not say whose it is; have it issued with a sub claim.',
};

/** The reason goes out, the error stays: it carries the token's claims. */
function refuse(error: unknown): never {
  if (!(error instanceof errors.JOSEError)) throw error;
  const reason =
    error instanceof errors.JWTClaimValidationFailed ? claimReasons[error.claim] : reasons[error.code];
  throw new TokenRefusedError(reason ?? 'The bearer token is not a signed JWT; send one as it was issued.');
}

// Postgres has no U+0000 in text, a lone surrogate has no UTF-8, and an index row ends at 2.7 kB.
const subject = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

function subjectOf({ sub }: JWTPayload): string {
  if (typeof sub === 'string' && subject.test(sub)) return sub;
  throw new TokenRefusedError(
    'The token’s sub cannot be used; have it issued with 1 to 255 printable characters.',
  );
}

/** `scope` is one text with blanks between (RFC 8693), `scp` a list. */
function scopesOf({ scope, scp }: JWTPayload): ReadonlySet<string> {
  const words = [scope, scp].flat().filter((part) => typeof part === 'string');
  return new Set(words.flatMap((part) => part.split(' ')));
}
