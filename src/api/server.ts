import Koa from 'koa';
import { listen } from '../platform/http/listen.ts';
import { observe } from '../platform/http/observe.ts';
import { type Operations, operationsRouter } from '../platform/http/operations.ts';
import { problems } from '../platform/http/problem.ts';
import type { Load } from '../store/load.ts';
import { createPlaceOrder } from '../store/placement.ts';
import { startAdmission } from './admission.ts';
import { translateError } from './problems.ts';
import { legacyRoutes } from './routes/legacy.ts';
import { type OrderRoutes, orderRoutes } from './routes/orders.ts';

export interface ApiDeps extends OrderRoutes {
  readonly host: string;
  readonly port: number;
  readonly admissionLimits: Load;
  readonly operations: Operations;
}

export interface RunningApi extends AsyncDisposable {
  readonly port: number;
}

/** The REST API; the middleware chain from top to bottom is what a request goes through. */
export async function startApi(deps: ApiDeps): Promise<RunningApi> {
  const { log, pool, admissionLimits, host, port } = deps;
  await using starting = new AsyncDisposableStack();
  const admission = starting.use(startAdmission({ pool, log, limits: admissionLimits }));
  const optional = { ...deps.operations.optional, admission: admission.check };
  const operational = operationsRouter({ ...deps.operations, optional });
  const placing = { ...deps, admission, placeOrder: createPlaceOrder(pool) };

  const app = new Koa();
  // A client that leaves in the middle; without a listener Koa prints it beside the log.
  app.on('error', (error) => log.debug({ err: error }, 'request broken off'));
  app.use(observe(log));
  app.use(
    problems({ translate: translateError, report: (error) => log.error({ err: error }, 'request failed') }),
  );
  for (const router of [operational, orderRoutes(placing), legacyRoutes(placing)]) {
    app.use(router.routes());
    app.use(router.allowedMethods());
  }
  const listening = starting.use(await listen(app, { host, port, isShared: true }));
  const running = starting.move();
  return { port: listening.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
