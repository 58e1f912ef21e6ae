import type { Middleware } from 'koa';
import type { Authenticator } from './authenticator.ts';
import { authenticate } from './middleware/authenticate.ts';
import { requireScope, type Scopes } from './middleware/require-scope.ts';

export interface Gate {
  /** undefined lets everybody in, as `anonymous`: AUTH_MODE=none. */
  readonly authenticator: Authenticator | undefined;
}

/** What stands before a router's routes, in this order: no handler asks who may call it. */
export function guards({ authenticator }: Gate, scopes: Scopes): readonly Middleware[] {
  return authenticator === undefined ? [] : [authenticate(authenticator), requireScope(scopes)];
}
