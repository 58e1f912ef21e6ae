import { accept, agree, capturedCharge, foundCharges, madeRefund } from './client-answers.ts';
import { PaymentRejectedError } from './client-errors.ts';
import { createTransport } from './client-transport.ts';

// The one error that callers tell apart: the others stay failures, and are tried again.
export { PaymentRejectedError };

interface ChargeOrder {
  /** 1–255 visible ASCII, one per order and for ever: `order:<id>:charge`. */
  readonly key: string;
  readonly orderId: string;
  readonly merchantId: string | null;
  readonly amountCents: number;
  /** ISO 4217. */
  readonly currency: string;
}

interface RefundOrder {
  /** `order:<id>:refund:<n>`. */
  readonly key: string;
  readonly orderId: string;
  readonly amountCents: number;
}

export type ChargeOutcome =
  | { readonly outcome: 'captured'; readonly chargeId: string }
  /** Final for this key; `reason` is a code, such as `card_declined`. */
  | { readonly outcome: 'declined'; readonly reason: string };

/** The provider has never decided on this key: nothing was charged, unless a request is still on its way. */
interface NoCharge {
  readonly outcome: 'none';
}

type RefundOutcome =
  | { readonly outcome: 'refunded'; readonly refundId: string }
  /** The order has no capture, so that there is nothing to give back. */
  | { readonly outcome: 'none' };

/**
 * Each call is one try of at most 4 s and throws
 * - `PaymentRejectedError`: refused, and would be again (4xx); nothing happened;
 * - `PaymentUnavailableError`: outcome unknown (network, deadline, 408, 429, 5xx); ask by key, repeat with the same key;
 * - `PaymentProtocolError`: an answer that cannot be believed; outcome unknown too;
 * - the signal's reason when it aborts; outcome unknown too.
 */
export interface PaymentClient {
  charge(order: ChargeOrder, signal: AbortSignal): Promise<ChargeOutcome>;
  findCharge(key: string, signal: AbortSignal): Promise<ChargeOutcome | NoCharge>;
  refund(order: RefundOrder, signal: AbortSignal): Promise<RefundOutcome>;
}

/** `concurrency` = calls at once; further ones wait. */
export function createPaymentClient({
  url,
  concurrency = 10,
}: {
  url: string;
  concurrency?: number;
}): PaymentClient {
  const send = createTransport(url, concurrency);
  return {
    async charge({ key, orderId, merchantId, amountCents, currency }, signal) {
      const body = { order_id: orderId, merchant_id: merchantId, amount_cents: amountCents, currency };
      const answer = await send(
        { operation: 'charge', method: 'POST', path: 'v1/charges', key, body },
        signal,
      );
      try {
        const charge = accept(answer, { status: 201, schema: capturedCharge });
        agree(charge, { key, order_id: orderId, amount_cents: amountCents, currency });
        return { outcome: 'captured', chargeId: charge.id };
      } catch (error) {
        if (!isRejection(error, 402)) throw error;
        return { outcome: 'declined', reason: error.reason };
      }
    },

    async findCharge(key, signal) {
      const path = `v1/charges?key=${encodeURIComponent(key)}`;
      const answer = await send({ operation: 'find_charge', method: 'GET', path }, signal);
      const [charge] = accept(answer, { status: 200, schema: foundCharges }).charges;
      if (charge === undefined) return { outcome: 'none' };
      agree(charge, { key });
      if (charge.status === 'declined') return { outcome: 'declined', reason: charge.reason };
      return { outcome: 'captured', chargeId: charge.id };
    },

    async refund({ key, orderId, amountCents }, signal) {
      const body = { order_id: orderId, amount_cents: amountCents };
      const answer = await send(
        { operation: 'refund', method: 'POST', path: 'v1/refunds', key, body },
        signal,
      );
      try {
        const refund = accept(answer, { status: 201, schema: madeRefund });
        agree(refund, { key, order_id: orderId, amount_cents: amountCents });
        return { outcome: 'refunded', refundId: refund.id };
      } catch (error) {
        if (!isRejection(error, 404) || error.reason !== 'charge_not_found') throw error;
        return { outcome: 'none' };
      }
    },
  };
}

function isRejection(error: unknown, status: number): error is PaymentRejectedError {
  return error instanceof PaymentRejectedError && error.status === status;
}
