import type { DomainEvent } from '../core/event.ts';
import { eventId } from '../core/id.ts';
import type { Item, Order, OrderStatus } from './order.ts';

export type OrderEventType = 'order.created' | 'order.processed' | 'order.failed' | 'order.canceled';

export type OrderEvent = DomainEvent<OrderEventType>;

/** By the last event of an order, the status that it has from then on. */
export const statusAnnounced: ReadonlyMap<string, OrderStatus> = new Map([
  ['order.processed', 'completed'],
  ['order.failed', 'failed'],
  ['order.canceled', 'canceled'],
]);

/** What every terminal event says of its order. */
export interface Outcome {
  readonly orderId: string;
  readonly amountCents: number;
  readonly currency: string;
  readonly merchantId: string | null;
}

export function orderCreated(order: Order): OrderEvent {
  return event('order.created', order.id, order.createdAt, {
    customer_email: order.customerEmail,
    amount_cents: order.amountCents,
    currency: order.currency,
    merchant_id: order.merchantId,
    items: order.items.map(itemBody),
    created_at: order.createdAt.toISOString(),
  });
}

export function orderProcessed(outcome: Outcome & { paymentId: string }, time: Date): OrderEvent {
  return terminal('order.processed', 'completed', outcome, time, { payment_id: outcome.paymentId });
}

export function orderFailed(outcome: Outcome & { reason: string }, time: Date): OrderEvent {
  return terminal('order.failed', 'failed', outcome, time, { reason: outcome.reason });
}

export function orderCanceled(outcome: Outcome, time: Date): OrderEvent {
  return terminal('order.canceled', 'canceled', outcome, time, {});
}

export function itemBody({ productId, quantity, unitPriceCents }: Item) {
  return { product_id: productId, quantity, unit_price_cents: unitPriceCents };
}

function terminal(
  type: OrderEventType,
  status: OrderStatus,
  outcome: Outcome,
  time: Date,
  rest: Record<string, unknown>,
): OrderEvent {
  const { orderId, amountCents, currency, merchantId } = outcome;
  const body = {
    status,
    amount_cents: amountCents,
    currency,
    merchant_id: merchantId,
    occurred_at: time.toISOString(),
    ...rest,
  };
  return event(type, orderId, time, body);
}

function event(type: OrderEventType, orderId: string, time: Date, body: Record<string, unknown>): OrderEvent {
  return {
    id: eventId(orderId, type),
    type,
    key: orderId,
    time,
    body: { order_id: orderId, ...body, schema_version: 1 },
  };
}
