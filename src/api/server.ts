import type Router from '@koa/router';
import type Koa from 'koa';
import type { Middleware } from 'koa';
import { requireJsonAccepted } from '../platform/http/acceptable.ts';
import { createApp } from '../platform/http/app.ts';
import { type Listening, listen } from '../platform/http/listen.ts';
import { type Operations, operationsRouter } from '../platform/http/operations.ts';
import { problemPagesRouter } from '../platform/http/problem-pages.ts';
import type { Logger } from '../platform/logger.ts';
import type { Load } from '../store/load.ts';
import { createPlaceOrder } from '../store/order-placement.ts';
import { createPlaceTransaction } from '../store/transactions.ts';
import { startAdmission } from './admission.ts';
import type { Authenticator } from './authenticator.ts';
import type { RateLimit } from './buckets.ts';
import { guards } from './guards.ts';
import { adminScopes, orderScopes } from './middleware/require-scope.ts';
import { apiProblems } from './problem-types.ts';
import { translateError } from './problems.ts';
import { startRateLimiter } from './rate-limiter.ts';
import { type AdminRoutes, adminRoutes } from './routes/admin.ts';
import type { CancelingRoutes } from './routes/cancel-order.ts';
import { breakerRoutes } from './routes/circuit-breakers.ts';
import { type DeadLetterRoutes, deadLetterRoutes } from './routes/dead-letters.ts';
import { documentRoutes } from './routes/documents.ts';
import { type LedgerRoutes, ledgerRoutes } from './routes/ledger.ts';
import { legacyRoutes } from './routes/legacy.ts';
import { batchIsPosted, orderRoutes, type PlacingRoutes } from './routes/orders.ts';

export interface ApiDeps extends CancelingRoutes, AdminRoutes, DeadLetterRoutes {
  readonly host: string;
  readonly port: number;
  readonly admissionLimits: Load;
  readonly operations: Operations;
  /** undefined: requests carry no identity, and nobody's rate is limited. */
  readonly authenticator: Authenticator | undefined;
  readonly rateLimit: RateLimit;
}

/** The REST API, serving until disposed. */
export async function startApi(deps: ApiDeps): Promise<Listening> {
  const { log, pool, admissionLimits, authenticator, rateLimit: limit, host, port } = deps;
  await using starting = new AsyncDisposableStack();
  const admission = starting.use(startAdmission({ pool, log, limits: admissionLimits }));
  const gate = authenticator && {
    authenticator,
    limiter: starting.use(startRateLimiter({ limit, pool, log })),
  };
  const before = {
    customers: [...guards(gate, orderScopes), requireJsonAccepted],
    operators: [...guards(gate, adminScopes), requireJsonAccepted],
  };
  const optional = { ...deps.operations.optional, admission: admission.check };
  const placing = {
    ...deps,
    admission,
    placeOrder: createPlaceOrder(pool),
    placeTransaction: createPlaceTransaction(pool),
  };

  const routers = apiRouters({ ...placing, operations: { ...deps.operations, optional } }, before);
  const listening = starting.use(await listen(createApiApp(routers, log), { host, port, isShared: true }));
  const running = starting.move();
  return { port: listening.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** What goes before and around the routes: the bench has it with nothing behind. */
export function createApiApp(routers: readonly Router[], log: Logger): Koa {
  return createApp({
    log,
    translate: translateError,
    failure: 'request failed',
    before: [batchIsPosted],
    routers,
  });
}

/** What goes before each route of those who place orders, and of those who run the system. */
export interface Before {
  readonly customers: readonly Middleware[];
  readonly operators: readonly Middleware[];
}

/** Everything that is served; what has nothing before it is open to all. */
export function apiRouters(
  deps: PlacingRoutes &
    LedgerRoutes &
    CancelingRoutes &
    AdminRoutes &
    DeadLetterRoutes &
    Pick<ApiDeps, 'operations'>,
  before: Before,
): Router[] {
  return [
    // First, since it is asked most: each router in front costs a request its turn.
    orderRoutes(deps, before.customers),
    ledgerRoutes(deps, before.customers),
    operationsRouter(deps.operations),
    legacyRoutes(deps, before.customers),
    breakerRoutes(deps, before.operators),
    adminRoutes(deps, before.operators),
    deadLetterRoutes(deps, before.operators),
    problemPagesRouter(apiProblems),
    documentRoutes(),
  ];
}
