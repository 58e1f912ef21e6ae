import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface ScriptedProvider extends AsyncDisposable {
  readonly url: string;
  /** Resolves when the charge of an order of a merchant that is held up has arrived. */
  untilCharging(orderId: string): Promise<void>;
  /** Answers it. */
  release(orderId: string): void;
}

type Resolvers = PromiseWithResolvers<void>;

interface ChargeBody {
  readonly order_id: string;
  readonly merchant_id: string | null;
  readonly amount_cents: number;
  readonly currency: string;
}

/** A payment service whose answers hang on the merchant, so that every way of a run can be walked on purpose. */
export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const charges = new Map<string, ChargeBody & { tries: number; questions: number; refunds: number }>();
  const gates = new Map<string, { arrived: Resolvers; released: Resolvers }>();
  const gateOf = (orderId: string) => {
    const gate = gates.get(orderId) ?? {
      arrived: Promise.withResolvers<void>(),
      released: Promise.withResolvers<void>(),
    };
    gates.set(orderId, gate);
    return gate;
  };

  const charge = async (key: string, body: ChargeBody): Promise<[number, unknown]> => {
    const known = charges.get(key) ?? { ...body, tries: 0, questions: 0, refunds: 0 };
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
      case 'reluctant':
        gateOf(body.order_id).arrived.resolve();
        await gateOf(body.order_id).released.promise;
        return [201, captured(key, known)];
      default:
        return [201, captured(key, known)];
    }
  };

  const refund = (key: string, { order_id }: Pick<ChargeBody, 'order_id'>): [number, unknown] => {
    const known = charges.get(`order:${order_id}:charge`);
    if (known === undefined) return [404, { code: 'charge_not_found', detail: 'Nothing was captured.' }];
    known.refunds += 1;
    if (known.merchant_id === 'reluctant' && known.refunds < 2) return unavailable;
    const { amount_cents } = known;
    return [201, { id: 're_recorded', key, order_id, amount_cents, status: 'refunded' }];
  };

  const find = (key: string): [number, unknown] => {
    const known = charges.get(key);
    if (known?.merchant_id !== 'late') return [200, { charges: [] }];
    known.questions += 1;
    // The first question comes from the second attempt of the charge.
    return known.questions < 2 ? unavailable : [200, { charges: [captured(key, known)] }];
  };

  const reply = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://provider');
    if (request.method === 'GET')
      return pathname === '/v1/refunds' ? [200, { refunds: [] }] : find(searchParams.get('key') ?? '');
    const key = String(request.headers['idempotency-key']);
    // Only this repository's client calls.
    const body = (await json(request)) as ChargeBody;
    return pathname === '/v1/refunds' ? refund(key, body) : charge(key, body);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [status, body] = await reply(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  // A TCP server's address is always an object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    untilCharging: (orderId) => gateOf(orderId).arrived.promise,
    release: (orderId) => gateOf(orderId).released.resolve(),
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
