import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import type { Logger } from '../logger.ts';
import { observe, routesServed } from './observe.ts';
import { type Problem, problems } from './problem.ts';
import { secure } from './security-headers.ts';

export interface AppDeps {
  readonly log: Logger;
  /** The application's own errors; what it does not know is a 500, and told in the log as `failure`. */
  readonly translate: (error: unknown) => Problem | undefined;
  readonly failure: string;
  readonly before?: readonly Middleware[];
  readonly routers: readonly Router[];
}

/** The middleware chain from top to bottom is what a request goes through. */
export function createApp({ log, translate, failure, before = [], routers }: AppDeps): Koa {
  const app = new Koa();
  // A client that leaves in the middle; without a listener Koa prints it beside the log.
  app.on('error', (error) => log.debug({ err: error }, 'request broken off'));
  app.use(secure);
  app.use(observe(log));
  app.use(problems({ translate, report: (error) => log.error({ err: error }, failure) }));
  for (const middleware of before) app.use(middleware);
  // One for all: it goes by what any router matched, and one for each would add its turn to every request.
  app.use(new Router().allowedMethods());
  for (const router of routers) app.use(router.routes());
  routesServed(routers);
  return app;
}
