import { itemBody } from '../order/events.ts';
import type { Order } from '../order/order.ts';

/** The one shape in which an order leaves the API. */
export function presentOrder(order: Order) {
  return {
    id: order.id,
    customer_email: order.customerEmail,
    amount_cents: order.amountCents,
    currency: order.currency,
    merchant_id: order.merchantId,
    items: order.items.map(itemBody),
    status: order.status,
    payment_state: order.paymentState,
    failure_reason: order.failureReason,
    created_at: order.createdAt.toISOString(),
    updated_at: order.updatedAt.toISOString(),
    version: order.version,
    trace_id: order.traceId,
  };
}

/** A strong tag: every change of the order, the worker's too, raises its version. */
export function orderTag({ version }: Pick<Order, 'version'>): string {
  return `"${version}"`;
}

export function presentCursor(orderId: string): string {
  return Buffer.from(orderId).toString('base64url');
}

export function readCursor(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString();
}
