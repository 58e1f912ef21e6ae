import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { refundMade } from '../facts.ts';
import type { Outcome } from '../order/events.ts';
import { PaymentRejectedError } from '../payment/client.ts';
import { notePayment } from '../store/moves.ts';
import { createAttempts } from './attempts.ts';
import type { ActivityDeps } from './index.ts';

export type PaymentOutcome =
  | { readonly outcome: 'captured'; readonly chargeId: string }
  | { readonly outcome: 'declined'; readonly reason: string }
  | { readonly outcome: 'none' };

export interface PaymentActivities {
  chargeOrder(order: Outcome & { isRepeated?: boolean }): Promise<PaymentOutcome>;
  findCharge(order: Outcome): Promise<PaymentOutcome>;
  /** Of the whole amount, once; the provider's id of it. Without end: who was promised a refund gets it. */
  refundOrder(order: Outcome & { chargeId: string }): Promise<string>;
}

export function paymentActivities(deps: ActivityDeps): PaymentActivities {
  const { payment, pool, log } = deps;
  const attempt = createAttempts(deps);
  return {
    chargeOrder: (order) =>
      attempt('charge', order, async () => {
        const { orderId, isRepeated = false } = order;
        const key = chargeKey(orderId);
        // An earlier attempt, or run, may have been stored without its answer reaching us.
        if (isRepeated || activityInfo().attempt > 1) {
          const earlier = await payment.findCharge(key, cancellationSignal());
          if (earlier.outcome !== 'none') return earlier;
        }
        try {
          return await payment.charge({ key, ...order }, cancellationSignal());
        } catch (error) {
          if (!(error instanceof PaymentRejectedError) || !isAboutRequest(error)) throw error;
          // Refused as it stands: nothing was charged by this call, but the key may hold an earlier decision.
          const earlier = await payment.findCharge(key, cancellationSignal());
          return earlier.outcome === 'none' ? { outcome: 'declined', reason: 'payment_rejected' } : earlier;
        }
      }),

    findCharge: (order) =>
      attempt('find_charge', order, () => payment.findCharge(chargeKey(order.orderId), cancellationSignal())),

    refundOrder: (order) =>
      attempt('refund', order, async () => {
        const { orderId, amountCents, chargeId } = order;
        await notePayment(pool, { orderId, to: 'refunding', detail: { payment_id: chargeId } });
        const key = refundKey(orderId);
        const earlier = await payment.findRefund({ key, orderId, amountCents }, cancellationSignal());
        const refund =
          earlier.outcome === 'none'
            ? await payment.refund({ key, orderId, amountCents }, cancellationSignal())
            : earlier;
        if (refund.outcome === 'none')
          throw new Error(
            `The payment service holds no capture of order ${orderId} any more; look at its ledger.`,
          );
        refundMade(log, { orderId, refundId: refund.refundId });
        return refund.refundId;
      }),
  };
}

/** The request itself is at fault. Anything else, such as 409 for a key in use or 401, leaves open what becomes of the charge. */
function isAboutRequest({ status }: PaymentRejectedError): boolean {
  return status === 400 || status === 422;
}

/** The same for every attempt, run and reset of an order: the provider stores one charge per key. */
function chargeKey(orderId: string): string {
  return `order:${orderId}:charge`;
}

/** An order is refunded once, as a whole. */
function refundKey(orderId: string): string {
  return `order:${orderId}:refund:1`;
}
