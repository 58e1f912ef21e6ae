import { sql } from 'slonik';
import { z } from 'zod';
import { type Order, orderStatuses, type PaymentState } from '../order/order.ts';

export const columns = sql.fragment`
  id, owner, customer_email, amount_cents, currency, merchant_id, items, status, payment_state, failure_reason,
  cancel_requested_at, fail_requested, version, trace_id, correlation_id, created_at, updated_at`;

export const orderRow = z.object({
  id: z.string(),
  owner: z.string(),
  customer_email: z.string().nullable(),
  amount_cents: z.number(),
  currency: z.string(),
  merchant_id: z.string().nullable(),
  items: z.array(z.object({ productId: z.string(), quantity: z.number(), unitPriceCents: z.number() })),
  status: z.enum(orderStatuses),
  payment_state: z.custom<PaymentState>(),
  failure_reason: z.string().nullable(),
  cancel_requested_at: z.date().nullable(),
  fail_requested: z.string().nullable(),
  version: z.number(),
  trace_id: z.string().nullable(),
  correlation_id: z.string().nullable(),
  created_at: z.date(),
  updated_at: z.date(),
});

export function toOrder(row: z.output<typeof orderRow>): Order {
  return {
    id: row.id,
    owner: row.owner,
    customerEmail: row.customer_email,
    amountCents: row.amount_cents,
    currency: row.currency,
    merchantId: row.merchant_id,
    items: row.items,
    status: row.status,
    paymentState: row.payment_state,
    failureReason: row.failure_reason,
    cancelRequestedAt: row.cancel_requested_at,
    failRequested: row.fail_requested,
    version: row.version,
    traceId: row.trace_id,
    correlationId: row.correlation_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
