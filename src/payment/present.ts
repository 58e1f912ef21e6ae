import type { Entry } from './entry.ts';

export function presentCharge(entry: Entry) {
  return {
    id: entry.id,
    order_id: entry.orderId,
    merchant_id: entry.merchantId,
    amount_cents: entry.amountCents,
    currency: entry.currency,
    ...(entry.kind === 'decline' ? { status: 'declined', reason: 'card_declined' } : { status: 'captured' }),
    key: entry.key,
    created_at: entry.createdAt,
  };
}

export function presentRefund(entry: Entry) {
  return {
    id: entry.id,
    charge_id: entry.chargeId,
    order_id: entry.orderId,
    amount_cents: entry.amountCents,
    currency: entry.currency,
    status: 'refunded',
    key: entry.key,
    created_at: entry.createdAt,
  };
}

/** A refund names its capture in `charge_id`, a capture itself: an audit adds up by that field. */
export function presentMovement(entry: Entry) {
  return {
    seq: entry.seq,
    type: entry.kind,
    id: entry.id,
    charge_id: entry.chargeId ?? entry.id,
    order_id: entry.orderId,
    merchant_id: entry.merchantId,
    amount_cents: entry.amountCents,
    currency: entry.currency,
    key: entry.key,
    created_at: entry.createdAt,
  };
}
