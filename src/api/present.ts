import { itemBody } from '../order/events.ts';
import { isOrderId } from '../order/id.ts';
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

/** Where a list goes on: past the older end of a page, or past its newer one. */
export type Position = { readonly older: string } | { readonly newer: string };

/** Opaque to clients: base64url of the direction and the id of the page's last order in it. */
export function presentCursor(position: Position): string {
  const text = 'older' in position ? `<${position.older}` : `>${position.newer}`;
  return Buffer.from(text).toString('base64url');
}

/** undefined for what is no cursor of these lists. */
export function readCursor(cursor: string): Position | undefined {
  const text = Buffer.from(cursor, 'base64url').toString();
  const id = text.slice(1);
  if (!isOrderId(id) || !'<>'.includes(text.charAt(0))) return undefined;
  return text.startsWith('<') ? { older: id } : { newer: id };
}
