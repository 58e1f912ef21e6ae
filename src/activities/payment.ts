import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { Outcome } from '../order/events.ts';
import { PaymentRejectedError } from '../payment/client.ts';
import { waiting } from './failures.ts';
import type { ActivityDeps } from './index.ts';

export type PaymentOutcome =
  | { readonly outcome: 'captured'; readonly chargeId: string }
  | { readonly outcome: 'declined'; readonly reason: string }
  | { readonly outcome: 'none' };

export interface PaymentActivities {
  chargeOrder(order: Outcome): Promise<PaymentOutcome>;
  findCharge(order: Outcome): Promise<PaymentOutcome>;
}

export function paymentActivities({ payment }: ActivityDeps): PaymentActivities {
  return {
    async chargeOrder(order) {
      const key = chargeKey(order.orderId);
      // An earlier attempt may have been stored without its answer reaching us.
      if (activityInfo().attempt > 1) {
        const earlier = await payment.findCharge(key, cancellationSignal()).catch(waiting);
        if (earlier.outcome !== 'none') return earlier;
      }
      try {
        return await payment.charge({ key, ...order }, cancellationSignal());
      } catch (error) {
        if (!(error instanceof PaymentRejectedError)) return waiting(error);
        // Refused as it stands: nothing was charged by this call, but the key may hold an earlier decision.
        const earlier = await payment.findCharge(key, cancellationSignal()).catch(waiting);
        return earlier.outcome === 'none' ? { outcome: 'declined', reason: 'payment_rejected' } : earlier;
      }
    },

    findCharge: (order) => payment.findCharge(chargeKey(order.orderId), cancellationSignal()).catch(waiting),
  };
}

/** The same for every attempt, run and reset of an order: the provider stores one charge per key. */
function chargeKey(orderId: string): string {
  return `order:${orderId}:charge`;
}
