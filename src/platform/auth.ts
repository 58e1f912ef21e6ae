import type { KeyObject } from 'node:crypto';
import type { z } from 'zod';
import type { settings } from './settings.ts';

export interface AuthSettings {
  /** The `iss` and one of the `aud` that a token must have, letter by letter. */
  readonly issuer: string;
  readonly audience: string;
  /** Where the issuer publishes its keys, or its one key. */
  readonly keys: URL | KeyObject;
}

/** undefined with AUTH_MODE=none; what is missing for AUTH_MODE=jwt joins `faults`. */
export function readAuth(config: z.output<typeof settings>, faults: string[]): AuthSettings | undefined {
  if (config.AUTH_MODE === 'none') return undefined;
  const { AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience, AUTH_JWKS_URL, AUTH_PUBLIC_KEY } = config;
  const keys = AUTH_JWKS_URL ?? AUTH_PUBLIC_KEY;
  if (issuer === undefined)
    faults.push('AUTH_ISSUER: AUTH_MODE=jwt needs it; set it to the iss of the tokens to accept');
  if (audience === undefined)
    faults.push('AUTH_AUDIENCE: AUTH_MODE=jwt needs it; set it to the aud of the tokens to accept');
  if (keys === undefined)
    faults.push('AUTH_JWKS_URL: AUTH_MODE=jwt needs it, or AUTH_PUBLIC_KEY in its place; set one of them');
  if (AUTH_JWKS_URL !== undefined && AUTH_PUBLIC_KEY !== undefined)
    faults.push('AUTH_PUBLIC_KEY: AUTH_JWKS_URL is set as well; keep one of them');
  return issuer === undefined || audience === undefined || keys === undefined
    ? undefined
    : { issuer, audience, keys };
}
