import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import type { Middleware } from 'koa';
import { guards } from '../../src/api/guards.ts';
import { orderScopes } from '../../src/api/middleware/require-scope.ts';
import { apiRouters, createApiApp } from '../../src/api/server.ts';
import { requireJsonAccepted } from '../../src/platform/http/acceptable.ts';
import { readJson } from '../../src/platform/http/json-body.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { startTelemetry } from '../../src/platform/telemetry.ts';

// A POST that does nothing but give its parsed body back: through the whole chain of the API, or as little as Node needs.

const server = process.argv[2] === 'chain' ? chain() : bare();
server.listen({ host: '127.0.0.1', port: 0 }, () => {
  // A TCP server's address is always an object.
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on('disconnect', () => process.exit());

function chain() {
  startTelemetry({ serviceName: 'bench' });
  const log = createLogger({ service: 'bench', level: 'info' });
  const deps = {
    pool: {
      rows: () => Promise.reject(new Error('nothing is stored here')),
      [Symbol.asyncDispose]: async () => {},
    },
    signal: () => {},
    log,
    replays: { consumerGroup: '', most: 1 },
    idempotencyTtlMs: 259_200_000,
    admission: { admit: () => {} },
    wakeRun: async () => {},
    resumeRun: async () => 'woken' as const,
    resetRun: async () => 'reset' as const,
    placeOrder: async () => ({ outcome: 'placed' }) as const,
    placeTransaction: async () => ({ outcome: 'placed' }) as const,
    operations: { required: {} },
  };
  const customers = [...guards(undefined, orderScopes), requireJsonAccepted];
  const [orders, ...others] = apiRouters(deps, { customers, operators: [] });
  if (orders === undefined) throw new Error('the API has no routers');
  return createServer(createApiApp([orders, echo(customers), ...others], log).callback());
}

/** Beside the routes of orders, and behind the same guards. */
function echo(before: readonly Middleware[]): Router {
  const router = new Router({ prefix: '/echo', sensitive: true });
  for (const middleware of before) router.use(middleware);
  router.post('/', async (ctx) => {
    ctx.body = await readJson(ctx);
    ctx.status = 202;
  });
  return router;
}

function bare() {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const order: unknown = JSON.parse(Buffer.concat(chunks).toString());
      response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify(order));
    });
  });
}
