import { randomUUID } from 'node:crypto';
import { newOrderId } from '../../src/order/id.ts';
import { pendingOrder } from '../../src/order/order.ts';
import { placeOrder } from '../../src/store/placement.ts';
import { type Statement, statementOf } from './statement.ts';

/** What the load posts, as the API makes an order of it. */
export const sampleOrder = pendingOrder(
  newOrderId(),
  {
    owner: 'anonymous',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    correlationId: randomUUID(),
    customerEmail: 'bench@example.com',
    amountCents: 1_299,
    currency: 'USD',
    merchantId: 'bench',
    items: [],
  },
  new Date(),
);
export const sampleKey = randomUUID();

/** The statement that accepts `sampleOrder`. */
export function samplePlacement(): Promise<Statement> {
  const claim = {
    caller: sampleOrder.owner,
    operation: 'POST /v1/orders',
    key: sampleKey,
    fingerprint: Buffer.alloc(32, 7),
    ttlMs: 259_200_000,
  };
  const traceparent = `00-${sampleOrder.traceId}-b7ad6b7169203331-00`;
  return statementOf((pool) =>
    placeOrder(pool, { order: sampleOrder, response: JSON.stringify(sampleOrder), claim, traceparent }),
  );
}
