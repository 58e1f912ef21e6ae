import type Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import { requireJsonAccepted } from '../platform/http/acceptable.ts';
import { listen } from '../platform/http/listen.ts';
import { observe } from '../platform/http/observe.ts';
import { type Operations, operationsRouter } from '../platform/http/operations.ts';
import { problems } from '../platform/http/problem.ts';
import { problemPagesRouter } from '../platform/http/problem-pages.ts';
import { secure } from '../platform/http/security-headers.ts';
import type { Logger } from '../platform/logger.ts';
import type { Load } from '../store/load.ts';
import { createPlaceOrder } from '../store/placement.ts';
import { startAdmission } from './admission.ts';
import type { Authenticator } from './authenticator.ts';
import type { RateLimit } from './buckets.ts';
import { guards } from './guards.ts';
import { orderScopes } from './middleware/require-scope.ts';
import { apiProblems } from './problem-types.ts';
import { translateError } from './problems.ts';
import { startRateLimiter } from './rate-limiter.ts';
import { documentRoutes } from './routes/documents.ts';
import { legacyRoutes } from './routes/legacy.ts';
import { batchIsPosted, type OrderRoutes, orderRoutes, type PlacingRoutes } from './routes/orders.ts';

export interface ApiDeps extends OrderRoutes {
  readonly host: string;
  readonly port: number;
  readonly admissionLimits: Load;
  readonly operations: Operations;
  /** undefined: requests carry no identity, and nobody's rate is limited. */
  readonly authenticator: Authenticator | undefined;
  readonly rateLimit: RateLimit;
}

export interface RunningApi extends AsyncDisposable {
  readonly port: number;
}

/** The REST API, serving until disposed. */
export async function startApi(deps: ApiDeps): Promise<RunningApi> {
  const { log, pool, admissionLimits, authenticator, rateLimit: limit, host, port } = deps;
  await using starting = new AsyncDisposableStack();
  const admission = starting.use(startAdmission({ pool, log, limits: admissionLimits }));
  const gate = authenticator && {
    authenticator,
    limiter: starting.use(startRateLimiter({ limit, pool, log })),
  };
  const before = [...guards(gate, orderScopes), requireJsonAccepted];
  const optional = { ...deps.operations.optional, admission: admission.check };
  const placing = { ...deps, admission, placeOrder: createPlaceOrder(pool) };

  const routers = apiRouters({ ...placing, operations: { ...deps.operations, optional } }, before);
  const app = createApp(routers, log);
  const listening = starting.use(await listen(app, { host, port, isShared: true }));
  const running = starting.move();
  return { port: listening.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The middleware chain from top to bottom is what a request goes through. */
export function createApp(routers: readonly Router[], log: Logger): Koa {
  const app = new Koa();
  // A client that leaves in the middle; without a listener Koa prints it beside the log.
  app.on('error', (error) => log.debug({ err: error }, 'request broken off'));
  app.use(secure);
  app.use(observe(log));
  app.use(
    problems({ translate: translateError, report: (error) => log.error({ err: error }, 'request failed') }),
  );
  app.use(batchIsPosted);
  for (const router of routers) {
    app.use(router.routes());
    app.use(router.allowedMethods());
  }
  return app;
}

/** Everything that is served; `before` goes before each route of orders, the others are open to all. */
export function apiRouters(
  deps: PlacingRoutes & Pick<ApiDeps, 'operations'>,
  before: readonly Middleware[],
): Router[] {
  return [
    operationsRouter(deps.operations),
    orderRoutes(deps, before),
    legacyRoutes(deps, before),
    problemPagesRouter(apiProblems),
    documentRoutes(),
  ];
}
