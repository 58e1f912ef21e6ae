import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export const order = { orderId: 'o-1', merchantId: null, amountCents: 4_200, currency: 'EUR' };

/** The answer to `order` under the key `k`. */
export const captured = {
  id: 'ch_1',
  key: 'k',
  order_id: 'o-1',
  amount_cents: 4_200,
  currency: 'EUR',
  status: 'captured',
};

export const problem = { code: 'some_code', detail: 'Some detail.' };

export interface Provider extends AsyncDisposable {
  readonly url: string;
  /** Every request so far. */
  readonly requests: readonly IncomingMessage[];
}

/** Some provider that is not ours, at an address of its own. */
export async function serve(listener: RequestListener): Promise<Provider> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is always an object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function answering(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', location: '/elsewhere', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** Answers with the first of these, then with the next, and with the last from then on. */
export function oneAfterAnother(...listeners: RequestListener[]): RequestListener {
  let at = 0;
  return (request, response) => {
    listeners[Math.min(at, listeners.length - 1)]?.(request, response);
    at += 1;
  };
}

export function after(ms: number, listener: RequestListener): RequestListener {
  return (request, response) => setTimeout(() => listener(request, response), ms);
}
