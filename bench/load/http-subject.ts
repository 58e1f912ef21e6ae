import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { guards } from '../../src/api/guards.ts';
import { orderScopes } from '../../src/api/middleware/require-scope.ts';
import { apiRouters, createApiApp } from '../../src/api/server.ts';
import { requireJsonAccepted } from '../../src/platform/http/acceptable.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { startTelemetry } from '../../src/platform/telemetry.ts';

// POST /v1/orders with nothing behind it: through the whole chain of the API, or as little as Node needs.

const server = process.argv[2] === 'chain' ? chain() : bare();
server.listen({ host: '127.0.0.1', port: 0 }, () => {
  // A TCP server's address is always an object.
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on('disconnect', () => process.exit());

function chain() {
  startTelemetry({ endpoint: undefined, serviceName: 'bench' });
  const log = createLogger({ service: 'bench', level: 'info' });
  const deps = {
    pool: {
      rows: () => Promise.reject(new Error('nothing is stored here')),
      [Symbol.asyncDispose]: async () => {},
    },
    signal: () => {},
    log,
    idempotencyTtlMs: 259_200_000,
    admission: { admit: () => {} },
    wakeRun: async () => {},
    placeOrder: async () => ({ outcome: 'placed' }) as const,
    operations: { required: {} },
  };
  const customers = [...guards(undefined, orderScopes), requireJsonAccepted];
  return createServer(createApiApp(apiRouters(deps, { customers, operators: [] }), log).callback());
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
