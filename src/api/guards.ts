import type { Middleware } from 'koa';
import type { Authenticator } from './authenticator.ts';
import { authenticate } from './middleware/authenticate.ts';
import { limitRate } from './middleware/limit-rate.ts';
import { requireScope, type Scopes } from './middleware/require-scope.ts';
import type { RateLimiter } from './rate-limiter.ts';

export interface Gate {
  readonly authenticator: Authenticator;
  readonly limiter: RateLimiter;
}

/** What stands before a router's routes, in this order: no handler asks who may call it. No gate: AUTH_MODE=none, all are one caller. */
export function guards(gate: Gate | undefined, scopes: Scopes): readonly Middleware[] {
  if (gate === undefined) return [anonymous];
  // The limit before the scope: who asks without permission is to be slowed down as well.
  return [authenticate(gate.authenticator), limitRate(gate.limiter), requireScope(scopes)];
}

const anonymous: Middleware = (ctx, next) => {
  ctx.state.caller = 'anonymous';
  return next();
};
