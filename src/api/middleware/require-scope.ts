import type { Middleware } from 'koa';
import { Problem } from '../../platform/http/problem.ts';

/** What a caller must have been granted to read, and to change anything. */
export interface Scopes {
  readonly read: string;
  readonly write: string;
}

export const orderScopes: Scopes = { read: 'orders:read', write: 'orders:write' };
// Of no use for orders: who may repair everybody's is not by that a customer.
export const adminScopes: Scopes = { read: 'admin', write: 'admin' };

/** 403 without the scope; behind `authenticate`. */
export function requireScope({ read, write }: Scopes): Middleware {
  return async (ctx, next) => {
    const scope = ctx.method === 'GET' || ctx.method === 'HEAD' ? read : write;
    if (!ctx.state.scopes.has(scope)) {
      throw new Problem(403, 'insufficient_scope', `Get a token with the scope ${scope}.`, {
        headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
      });
    }
    await next();
  };
}
