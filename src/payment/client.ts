import { accept, agree, capturedCharge, foundCharges, foundRefunds, madeRefund } from './client-answers.ts';
import { type AttemptSettings, createAttempt } from './client-attempt.ts';
import {
  PaymentBreakerOpenError,
  PaymentProtocolError,
  PaymentRejectedError,
  PaymentUnavailableError,
} from './client-errors.ts';
import { createTransport } from './client-transport.ts';

// The errors that callers tell apart: all but the first are tried again, the others when they say.
export { PaymentBreakerOpenError, PaymentProtocolError, PaymentRejectedError, PaymentUnavailableError };

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
  /** Asked to refund: the order has no capture, so that there is nothing to give back. Asked by key: no such refund was made. */
  | { readonly outcome: 'none' };

/**
 * Each call is one attempt: up to three tries within a budget, again only after what may be gone in a moment (5xx, 408, 429,
 * network), and throws
 * - `PaymentRejectedError`: refused, and would be again (4xx); nothing happened;
 * - `PaymentUnavailableError`: outcome unknown (network, budget, 408, 429, 5xx); ask by key, repeat with the same key;
 * - `PaymentProtocolError`: an answer that cannot be believed; outcome unknown too;
 * - `PaymentBreakerOpenError`: nothing was sent; repeat the call after its `retryAfterMs`;
 * - the signal's reason when it aborts; outcome unknown too.
 */
export interface PaymentClient {
  charge(order: ChargeOrder, signal: AbortSignal): Promise<ChargeOutcome>;
  findCharge(key: string, signal: AbortSignal): Promise<ChargeOutcome | NoCharge>;
  refund(order: RefundOrder, signal: AbortSignal): Promise<RefundOutcome>;
  /** Made under the key; or by somebody else, as long as all of it went back. */
  findRefund(order: RefundOrder, signal: AbortSignal): Promise<RefundOutcome>;
}

const defaults: AttemptSettings = {
  concurrency: 10,
  budgetMs: 500,
  retry: { maxAttempts: 3, initialMs: 50, maxMs: 200 },
  breaker: undefined,
};

export function createPaymentClient({
  url,
  ...settings
}: { readonly url: string } & Partial<AttemptSettings>): PaymentClient {
  const attempt = createAttempt(createTransport(url), { ...defaults, ...settings });
  return {
    charge({ key, orderId, merchantId, amountCents, currency }, signal) {
      const body = { order_id: orderId, merchant_id: merchantId, amount_cents: amountCents, currency };
      return attempt(
        { operation: 'charge', method: 'POST', path: 'v1/charges', key, orderId, merchantId, body },
        (answer) => {
          try {
            const charge = accept(answer, { status: 201, schema: capturedCharge });
            agree(charge, { key, order_id: orderId, amount_cents: amountCents, currency });
            return { outcome: 'captured', chargeId: charge.id };
          } catch (error) {
            if (!isRejection(error, 402)) throw error;
            return { outcome: 'declined', reason: error.reason };
          }
        },
        signal,
      );
    },

    findCharge(key, signal) {
      const path = `v1/charges?key=${encodeURIComponent(key)}`;
      return attempt(
        { operation: 'find_charge', method: 'GET', path, key },
        (answer) => {
          const [charge] = accept(answer, { status: 200, schema: foundCharges }).charges;
          if (charge === undefined) return { outcome: 'none' };
          agree(charge, { key });
          if (charge.status === 'declined') return { outcome: 'declined', reason: charge.reason };
          return { outcome: 'captured', chargeId: charge.id };
        },
        signal,
      );
    },

    refund({ key, orderId, amountCents }, signal) {
      const body = { order_id: orderId, amount_cents: amountCents };
      return attempt(
        { operation: 'refund', method: 'POST', path: 'v1/refunds', key, orderId, body },
        (answer) => {
          try {
            const refund = accept(answer, { status: 201, schema: madeRefund });
            agree(refund, { key, order_id: orderId, amount_cents: amountCents });
            return { outcome: 'refunded', refundId: refund.id };
          } catch (error) {
            if (!isRejection(error, 404) || error.reason !== 'charge_not_found') throw error;
            return { outcome: 'none' };
          }
        },
        signal,
      );
    },

    findRefund({ key, orderId, amountCents }, signal) {
      const path = `v1/refunds?order_id=${encodeURIComponent(orderId)}`;
      return attempt(
        { operation: 'find_refund', method: 'GET', path, key, orderId },
        (answer) => {
          const { refunds } = accept(answer, { status: 200, schema: foundRefunds });
          for (const refund of refunds) agree(refund, { order_id: orderId });
          const made = refunds.find((refund) => refund.key === key);
          const refundedCents = refunds.reduce((sum, { amount_cents }) => sum + amount_cents, 0);
          const settled = made ?? (refundedCents >= amountCents ? refunds.at(-1) : undefined);
          return settled === undefined ? { outcome: 'none' } : { outcome: 'refunded', refundId: settled.id };
        },
        signal,
      );
    },
  };
}

function isRejection(error: unknown, status: number): error is PaymentRejectedError {
  return error instanceof PaymentRejectedError && error.status === status;
}
