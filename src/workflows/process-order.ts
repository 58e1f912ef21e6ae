import {
  ActivityFailure,
  CancellationScope,
  proxyActivities,
  proxyLocalActivities,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { BegunOrder, OrderActivities, PaymentActivities, PaymentOutcome } from '../activities/index.ts';
import { lastAttempt, paymentCall, statement } from './activity-options.ts';
import { orderStatusAttribute, type ProcessOrderInput } from './contract.ts';

const { beginOrder, completeOrder, failOrder } = proxyLocalActivities<OrderActivities>(statement);
const { findCharge } = proxyActivities<PaymentActivities>(paymentCall);

export interface ProcessOrderResult {
  readonly status: string;
  readonly reason?: string;
}

/** An order's way: begin, charge, complete. A decline fails the order; anything else is retried until it is decided. */
export function processOrder(input?: ProcessOrderInput): Promise<ProcessOrderResult> {
  // An order that was begun is brought to its end: a cancel request to the run must not leave it half done.
  return CancellationScope.nonCancellable(async () => {
    // Started by hand it may have no input: then there is no such order, and the run fails instead of its tasks.
    const begun = await beginOrder(String(input?.orderId));
    if (begun.outcome === 'final') return { status: begun.status, reason: 'already_final' };

    const payment = await charge(begun.order);
    if (payment.outcome === 'captured') {
      await completeOrder({ ...begun.order, paymentId: payment.chargeId });
      return { status: 'completed' };
    }
    const reason = payment.outcome === 'declined' ? payment.reason : 'payment_unavailable';
    upsertSearchAttributes([{ key: orderStatusAttribute, value: 'failed' }]);
    await failOrder({ ...begun.order, reason });
    return { status: 'failed', reason };
  });
}

async function charge(order: BegunOrder): Promise<PaymentOutcome> {
  const { chargeOrder } = proxyActivities<PaymentActivities>({
    ...paymentCall,
    scheduleToCloseTimeout: order.paymentGiveUpAfterMs,
  });
  try {
    return await chargeOrder(order);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    // Given up, but the last attempt may still be on its way to the provider, who alone knows: it is let arrive, then asked
    // without end.
    await sleep(lastAttempt);
    return findCharge(order);
  }
}
