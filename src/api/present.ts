import { z } from 'zod';
import { isId } from '../core/id.ts';
import { itemBody } from '../order/events.ts';
import { type Order, orderStatuses, paymentStates } from '../order/order.ts';
import { problemDocument } from '../platform/http/problem-document.ts';
import type { Position } from '../store/page.ts';

const itemAnswer = z
  .object({ product_id: z.string(), quantity: z.int().min(1), unit_price_cents: z.int().min(0) })
  .meta({ id: 'Item' });

/** The one shape in which an order leaves the API. */
export const orderAnswer = z
  .object({
    id: z.uuid(),
    customer_email: z.string().nullable(),
    amount_cents: z.int().min(1),
    currency: z.string().meta({ description: 'ISO 4217' }),
    merchant_id: z.string().nullable(),
    items: z.array(itemAnswer),
    status: z
      .enum(orderStatuses)
      .meta({ description: '`completed`, `failed` and `canceled` are final', id: 'OrderStatus' }),
    payment_state: z.enum(paymentStates).meta({ description: 'What is known of the customer’s money' }),
    failure_reason: z.string().nullable().meta({ description: 'Why it failed; null while it has not' }),
    cancel_requested_at: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'From then on it can only become `canceled`' }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    version: z.int().min(1).meta({ description: 'Rises by one with every change; the ETag' }),
    trace_id: z.string().nullable().meta({ description: 'Of the request that placed it, W3C Trace Context' }),
  })
  .meta({ id: 'Order' });

export const orderListAnswer = z
  .object({
    items: z.array(orderAnswer),
    next: z.string().nullable().meta({ description: 'Cursor of the following page, null on the last' }),
  })
  .meta({ id: 'OrderList' });

export type OrderListAnswer = z.input<typeof orderListAnswer>;

/** Each order of a batch has an outcome of its own: the order, or what kept it from being one. */
export const batchAnswer = z
  .object({
    results: z.array(
      z.object({
        index: z.int().min(0).meta({ description: 'Place in `orders`, from 0' }),
        status: z.int().meta({ description: 'The status that this order alone would have got' }),
        order: orderAnswer.optional(),
        // The request's id and trace are those of the whole answer.
        problem: problemDocument
          .omit({ instance: true, trace_id: true, span_id: true })
          .meta({ id: 'ItemProblem' })
          .optional(),
      }),
    ),
  })
  .meta({ id: 'BatchResults' });

export function presentOrder(order: Order): z.input<typeof orderAnswer> {
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
    cancel_requested_at: order.cancelRequestedAt?.toISOString() ?? null,
    created_at: order.createdAt.toISOString(),
    updated_at: order.updatedAt.toISOString(),
    version: order.version,
    trace_id: order.traceId,
  };
}

/** A strong tag: every change of it, the worker's too, raises its version. */
export function versionTag({ version }: { readonly version: number }): string {
  return `"${version}"`;
}

/** Opaque to clients: base64url of the direction and the id of the page's last order in it. */
export function presentCursor(position: Position): string {
  const text = 'older' in position ? `<${position.older}` : `>${position.newer}`;
  return Buffer.from(text).toString('base64url');
}

/** undefined for what is no cursor of these lists. */
export function readCursor(cursor: string): Position | undefined {
  const text = Buffer.from(cursor, 'base64url').toString();
  const id = text.slice(1);
  if (!isId(id) || !'<>'.includes(text.charAt(0))) return undefined;
  return text.startsWith('<') ? { older: id } : { newer: id };
}
