import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type Koa from 'koa';

const requestTimeoutMs = 30_000;
const headersTimeoutMs = 10_000;
const silenceBeforeCloseMs = 1_000;

export interface Listening extends AsyncDisposable {
  readonly port: number;
}

export interface Address {
  readonly host: string;
  readonly port: number;
  /** Several processes may serve it (SO_REUSEPORT), which is how `make scale api=n` works; else a taken port is an error. */
  readonly isShared?: boolean;
}

/** Serves `app` until disposed: then no new connection is taken, requests under way are answered, idle connections closed. */
export async function listen(app: Koa, { host, port, isShared = false }: Address): Promise<Listening> {
  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: headersTimeoutMs },
    app.callback(),
  );
  const silent = trackSilent(server);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port, reusePort: isShared }, resolve);
  await promise;
  // A TCP server's address is always an object.
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: () => close(server, silent) };
}

/** Connections that have not brought a request yet: Node does not count them as idle, so its close waits for them without end. */
function trackSilent(server: Server): ReadonlySet<Socket> {
  const silent = new Set<Socket>();
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }) => silent.delete(socket));
  return silent;
}

function close(server: Server, silent: ReadonlySet<Socket>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    for (const socket of silent) socket.destroy();
  }, silenceBeforeCloseMs);
  server.close(() => {
    clearTimeout(timer);
    resolve();
  });
  server.closeIdleConnections();
  // A connection that is busy now ends with its answer; kept alive it would hold the drain up for seconds (6 measured).
  server.keepAliveTimeout = 1;
  server.keepAliveTimeoutBuffer = 0;
  return promise;
}
