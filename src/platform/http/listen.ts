import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Koa from 'koa';

const requestTimeoutMs = 30_000;
const headersTimeoutMs = 10_000;

export interface Listening extends AsyncDisposable {
  readonly port: number;
}

/**
 * Serves `app` until disposed: then no new connection is taken, requests under way are answered, idle connections closed.
 * Several processes may share the port (SO_REUSEPORT), which is how `make scale api=n` works.
 */
export async function listen(app: Koa, { host, port }: { host: string; port: number }): Promise<Listening> {
  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: headersTimeoutMs },
    app.callback(),
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port, reusePort: true }, resolve);
  await promise;
  // A TCP server's address is always an object.
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: () => close(server) };
}

function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  // A connection that is busy now ends with its answer; kept alive it would hold the drain up for seconds (6 measured).
  server.keepAliveTimeout = 1;
  server.keepAliveTimeoutBuffer = 0;
  return promise;
}
