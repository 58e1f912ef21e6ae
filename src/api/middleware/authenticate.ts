import type { Context, Middleware } from 'koa';
import { Problem } from '../../platform/http/problem.ts';
import { type Authenticator, TokenRefusedError } from '../authenticator.ts';

/** Learns from the bearer token (RFC 6750) who calls and what for; nothing of the request's body is read before. */
export function authenticate(authenticator: Authenticator): Middleware {
  return async (ctx, next) => {
    const { caller, scopes } = await authenticator(bearerToken(ctx));
    ctx.state.caller = caller;
    ctx.state.scopes = scopes;
    await next();
  };
}

function bearerToken(ctx: Context): string {
  const given = ctx.req.headersDistinct.authorization ?? [];
  if (given.length > 1)
    throw new TokenRefusedError('There are several Authorization headers; send one, with the token.');
  const [scheme = '', ...rest] = (given[0] ?? '').trim().split(/ +/);
  if (scheme.toLowerCase() !== 'bearer') {
    const detail = 'Send an access token as Authorization: Bearer <token>.';
    throw new Problem(401, 'authentication_required', detail, { headers: { 'WWW-Authenticate': 'Bearer' } });
  }
  const [token = ''] = rest;
  if (rest.length !== 1) throw new TokenRefusedError('Send one token, without blanks, after Bearer.');
  return token;
}
