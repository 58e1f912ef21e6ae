import { randomUUID } from 'node:crypto';
import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type Koa from 'koa';
import { presentProblem } from './problem-document.ts';
import type { httpProblems } from './problem-types.ts';
import { securityHeaders } from './security-headers.ts';

const requestTimeoutMs = 30_000;
const headersTimeoutMs = 10_000;
// Node looks for late clients only every 30 s otherwise: a limit of 30 s was kept after 51 s.
const timeoutCheckMs = 1_000;
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
  const answer = app.callback();
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
      // Node would refuse without a word.
      requireHostHeader: false,
    },
    (request, response) =>
      request.headers.host === undefined && request.httpVersion === '1.1'
        ? refuse(new Error('no Host header'), request.socket)
        : answer(request, response),
  );
  server.on('clientError', refuse);
  // Any expectation but 100-continue: nobody needs it, and without a listener Node answers 417 without a word.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  const silent = trackSilent(server);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port, reusePort: isShared }, resolve);
  await promise;
  // A TCP server's address is always an object.
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: () => close(server, silent) };
}

type Refusal = readonly [status: number, code: keyof typeof httpProblems, detail: string];

const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: [431, 'headers_too_large', 'Keep the request line and headers within 16 kB.'],
  ERR_HTTP_REQUEST_TIMEOUT: [
    408,
    'request_too_slow',
    'Send the whole request within 30 s, its headers within 10 s.',
  ],
};
const malformed = [
  400,
  'malformed_request',
  'This is not HTTP/1.1 as RFC 9112 has it; check the request.',
] as const satisfies Refusal;

/** What never becomes a request cannot go through the application: the parser's refusals are answered here. */
function refuse(error: Error, socket: Duplex): void {
  if (!socket.writable) return void socket.destroy(error);
  const [status, code, detail] = refusals['code' in error ? String(error.code) : ''] ?? malformed;
  const id = randomUUID();
  const body = JSON.stringify(presentProblem({ status, code, detail, instance: id }));
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Connection: close',
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${id}`,
      ...Object.entries(securityHeaders).map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join('\r\n'),
  );
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
