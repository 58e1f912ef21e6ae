import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface ScriptedProvider extends AsyncDisposable {
  readonly url: string;
  /** Resolves when a charge of the merchant `slow` has arrived; it is answered when `release` is called. */
  readonly slowChargeArrived: Promise<void>;
  release(): void;
}

interface ChargeBody {
  readonly order_id: string;
  readonly merchant_id: string | null;
  readonly amount_cents: number;
  readonly currency: string;
}

/** A payment service whose answers hang on the merchant, so that every way of a run can be walked on purpose. */
export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const charges = new Map<string, ChargeBody & { tries: number; questions: number }>();
  const arrived = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();

  const charge = async (key: string, body: ChargeBody): Promise<[number, unknown]> => {
    const known = charges.get(key) ?? { ...body, tries: 0, questions: 0 };
    known.tries += 1;
    charges.set(key, known);
    switch (body.merchant_id) {
      case 'declined':
        return [402, { code: 'card_declined', detail: 'The card was declined.' }];
      case 'flaky':
        return known.tries < 2 ? unavailable : [201, captured(key, known)];
      case 'silent':
      case 'late':
        return unavailable;
      case 'slow':
        arrived.resolve();
        await released.promise;
        return [201, captured(key, known)];
      default:
        return [201, captured(key, known)];
    }
  };

  const find = (key: string): [number, unknown] => {
    const known = charges.get(key);
    if (known?.merchant_id !== 'late') return [200, { charges: [] }];
    known.questions += 1;
    // The first question comes from the second try of the charge.
    return known.questions === 1 ? unavailable : [200, { charges: [captured(key, known)] }];
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [status, body] =
      request.method === 'POST'
        ? // Only this repository's client calls.
          await charge(String(request.headers['idempotency-key']), (await json(request)) as ChargeBody)
        : find(new URL(request.url ?? '', 'http://provider').searchParams.get('key') ?? '');
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  // A TCP server's address is always an object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    slowChargeArrived: arrived.promise,
    release: released.resolve,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const unavailable: [number, unknown] = [503, { code: 'unavailable', detail: 'Try again.' }];

function captured(key: string, { order_id, amount_cents, currency }: ChargeBody) {
  return { id: 'ch_recorded', key, order_id, amount_cents, currency, status: 'captured' };
}
