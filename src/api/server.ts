import Koa from 'koa';
import { type Listening, listen } from '../platform/http/listen.ts';
import { observe } from '../platform/http/observe.ts';
import { type Operations, operationsRouter } from '../platform/http/operations.ts';
import { problems } from '../platform/http/problem.ts';
import type { Authenticator } from './authenticator.ts';
import type { RateLimit } from './buckets.ts';
import { guards } from './guards.ts';
import { orderScopes } from './middleware/require-scope.ts';
import { translateError } from './problems.ts';
import { startRateLimiter } from './rate-limiter.ts';
import { type OrderRoutes, orderRoutes } from './routes/orders.ts';

export interface ApiDeps extends OrderRoutes {
  readonly host: string;
  readonly port: number;
  readonly operations: Operations;
  /** undefined: requests carry no identity, and nobody's rate is limited. */
  readonly authenticator: Authenticator | undefined;
  readonly rateLimit: RateLimit;
}

/** The REST API; the middleware chain from top to bottom is what a request goes through. */
export async function startApi(deps: ApiDeps): Promise<Listening> {
  const { log, operations, host, port, pool, authenticator, rateLimit: limit } = deps;
  await using resources = new AsyncDisposableStack();
  const gate = authenticator && {
    authenticator,
    limiter: resources.use(startRateLimiter({ limit, pool, log })),
  };
  const app = new Koa();
  const orders = orderRoutes(deps, guards(gate, orderScopes));
  // A client that leaves in the middle; without a listener Koa prints it beside the log.
  app.on('error', (error) => log.debug({ err: error }, 'request broken off'));
  // Open to all: what an operator's tools ask for, they ask without a token.
  const operational = operationsRouter(operations);

  app.use(observe(log));
  app.use(
    problems({ translate: translateError, report: (error) => log.error({ err: error }, 'request failed') }),
  );
  for (const router of [operational, orders]) {
    app.use(router.routes());
    app.use(router.allowedMethods());
  }
  const listening = resources.use(await listen(app, { host, port, isShared: true }));
  const running = resources.move();
  return { port: listening.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
