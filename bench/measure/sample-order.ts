import { randomUUID } from 'node:crypto';
import { newId } from '../../src/core/id.ts';
import { pendingOrder } from '../../src/order/order.ts';
import { placeOrder } from '../../src/store/order-placement.ts';
import { type Statement, statementOf } from './statement.ts';

/** What the load posts, as the API makes an order of it. */
export const sampleOrder = pendingOrder(
  newId(),
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
const sampleKey = randomUUID();

/** The sample's values as those of another order. */
export function valuesOf(sample: readonly unknown[], orderId: string, key: string): unknown[] {
  return sample.map((value) => {
    if (Array.isArray(value)) return valuesOf(value, orderId, key);
    return typeof value === 'string'
      ? value.replaceAll(sampleOrder.id, orderId).replaceAll(sampleKey, key)
      : value;
  });
}

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
    placeOrder(pool, { subject: sampleOrder, response: JSON.stringify(sampleOrder), claim, traceparent }),
  );
}
