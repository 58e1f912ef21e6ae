import type Router from '@koa/router';
import Koa from 'koa';
import { type Listening, listen } from '../platform/http/listen.ts';
import { observe } from '../platform/http/observe.ts';
import { type Operations, operationsRouter } from '../platform/http/operations.ts';
import { problems } from '../platform/http/problem.ts';
import { problemPagesRouter } from '../platform/http/problem-pages.ts';
import { secure } from '../platform/http/security-headers.ts';
import { apiProblems } from './problem-types.ts';
import { translateError } from './problems.ts';
import { documentRoutes } from './routes/documents.ts';
import { type OrderRoutes, orderRoutes } from './routes/orders.ts';

export interface ApiDeps extends OrderRoutes {
  readonly host: string;
  readonly port: number;
  readonly operations: Operations;
}

/** The REST API; the middleware chain from top to bottom is what a request goes through. */
export function startApi(deps: ApiDeps): Promise<Listening> {
  const { log, host, port } = deps;
  const app = new Koa();
  // A client that leaves in the middle; without a listener Koa prints it beside the log.
  app.on('error', (error) => log.debug({ err: error }, 'request broken off'));

  app.use(secure);
  app.use(observe(log));
  app.use(
    problems({ translate: translateError, report: (error) => log.error({ err: error }, 'request failed') }),
  );
  for (const router of apiRouters(deps)) {
    app.use(router.routes());
    app.use(router.allowedMethods());
  }
  return listen(app, { host, port, isShared: true });
}

/** Everything that is served. */
export function apiRouters(deps: OrderRoutes & Pick<ApiDeps, 'operations'>): Router[] {
  return [
    operationsRouter(deps.operations),
    orderRoutes(deps),
    problemPagesRouter(apiProblems),
    documentRoutes(),
  ];
}
