import Koa from 'koa';
import { type Listening, listen } from '../platform/http/listen.ts';
import { observe } from '../platform/http/observe.ts';
import { type Operations, operationsRouter } from '../platform/http/operations.ts';
import { problems } from '../platform/http/problem.ts';
import { type Gate, guards } from './guards.ts';
import { orderScopes } from './middleware/require-scope.ts';
import { translateError } from './problems.ts';
import { type OrderRoutes, orderRoutes } from './routes/orders.ts';

export interface ApiDeps extends OrderRoutes, Gate {
  readonly host: string;
  readonly port: number;
  readonly operations: Operations;
}

/** The REST API; the middleware chain from top to bottom is what a request goes through. */
export function startApi(deps: ApiDeps): Promise<Listening> {
  const { log, operations, host, port } = deps;
  const app = new Koa();
  const orders = orderRoutes(deps, guards(deps, orderScopes));
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
  return listen(app, { host, port, isShared: true });
}
