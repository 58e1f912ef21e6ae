import { createHash, randomUUID } from 'node:crypto';
import { newId } from '../../src/core/id.ts';
import type { Order } from '../../src/order/order.ts';
import type { Claim } from '../../src/store/idempotency.ts';
import { placeOrder } from '../../src/store/order-placement.ts';
import type { Pool } from '../../src/store/pool.ts';

export function anOrder(given: Partial<Order> = {}): Order {
  const now = new Date();
  return {
    id: newId(),
    owner: 'anonymous',
    customerEmail: 'ada@example.com',
    amountCents: 4_200,
    currency: 'EUR',
    merchantId: null,
    items: [],
    status: 'pending',
    paymentState: 'none',
    failureReason: null,
    cancelRequestedAt: null,
    failRequested: null,
    version: 1,
    traceId: null,
    correlationId: null,
    createdAt: now,
    updatedAt: now,
    ...given,
  };
}

export function aClaim(given: Partial<Claim> & { request?: string } = {}): Claim {
  const { request = 'the request', ...rest } = given;
  return {
    caller: 'anonymous',
    operation: 'POST /v1/orders',
    key: randomUUID(),
    fingerprint: createHash('sha256').update(request).digest(),
    ttlMs: 72 * 3_600_000,
    ...rest,
  };
}

/** An order in the store, pending, with its `order.created` in the outbox. */
export async function placed(pool: Pool, given: Partial<Order> = {}): Promise<Order> {
  const order = anOrder(given);
  await placeOrder(pool, { subject: order, response: '{}', claim: aClaim(), traceparent: null });
  return order;
}
