import {
  ActivityFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  proxyActivities,
  proxyLocalActivities,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { BegunOrder, OrderActivities, PaymentActivities, PaymentOutcome } from '../activities/index.ts';
import { lastAttempt, paymentCall, refundShouldTake, statement } from './activity-options.ts';
import { orderStatusAttribute, type ProcessOrderInput } from './contract.ts';
import { listenForStop, type Stop } from './stop.ts';

const { beginOrder, completeOrder, failOrder, endStopped } = proxyLocalActivities<OrderActivities>(statement);
const { findCharge, refundOrder } = proxyActivities<PaymentActivities>(paymentCall);

export interface ProcessOrderResult {
  readonly status: string;
  readonly reason?: string;
}

/**
 * An order's way: begin, charge, complete. A decline fails it; who asked to stop it in time gets it canceled, and what was
 * charged given back; anything else is retried until it is decided.
 */
export async function processOrder(input?: ProcessOrderInput): Promise<ProcessOrderResult> {
  // Started by hand it may have no input: then there is no such order, and the run fails instead of its tasks.
  const orderId = String(input?.orderId);
  const stop = listenForStop(orderId);
  // A cancel request ends no step by itself: what it comes to is decided in Postgres, as for anybody else.
  const result = await CancellationScope.nonCancellable(async () => {
    const begun = await beginOrder(orderId, ...(input?.record === undefined ? [] : [input.record]));
    const end =
      begun.outcome === 'final'
        ? { status: begun.status, reason: 'already_final' }
        : await bringToEnd(begun.order, stop);
    await stop.finish();
    return end;
  });
  // As the one who asked expects to find it.
  if (stop.isOfRun && result.status === 'canceled') throw new CancelledFailure('The order is canceled.');
  return result;
}

async function bringToEnd(order: BegunOrder, stop: Stop): Promise<ProcessOrderResult> {
  const payment = await pay(order, stop);
  if (payment.outcome === 'captured') {
    const ended = await completeOrder({ ...order, paymentId: payment.chargeId });
    if (ended !== 'stopped') return { status: 'completed' };
    return undo(order, await refund(order, payment.chargeId));
  }
  if (isStopped(order, stop)) return undo(order);
  const reason = payment.outcome === 'declined' ? payment.reason : 'payment_unavailable';
  show('failed');
  const ended = await failOrder({ ...order, reason });
  return ended === 'stopped' ? undo(order) : { status: 'failed', reason };
}

async function pay(order: BegunOrder, stop: Stop): Promise<PaymentOutcome> {
  if (isStopped(order, stop)) return order.isRepeated ? findLateCharge(order) : { outcome: 'none' };
  const { chargeOrder } = proxyActivities<PaymentActivities>({
    ...paymentCall,
    scheduleToCloseTimeout: order.paymentGiveUpAfterMs,
  });
  try {
    return await stop.during(() => chargeOrder(order));
  } catch (error) {
    // Given up, or not wanted any more.
    if (!(error instanceof ActivityFailure)) throw error;
    return findLateCharge(order);
  }
}

/** The last attempt may still be on its way to the provider, who alone knows: it is let arrive, then asked without end. */
async function findLateCharge(order: BegunOrder): Promise<PaymentOutcome> {
  await sleep(lastAttempt);
  return findCharge(order);
}

/** Goes on without end; when it takes long, people see it. */
async function refund(order: BegunOrder, chargeId: string): Promise<string> {
  show('refunding');
  let isDone = false;
  const refunding = refundOrder({ ...order, chargeId }).finally(() => {
    isDone = true;
  });
  if (!(await condition(() => isDone, refundShouldTake))) show('stuck');
  return refunding;
}

async function undo(order: BegunOrder, refundId?: string): Promise<ProcessOrderResult> {
  const end = await endStopped({ ...order, ...(refundId === undefined ? {} : { refundId }) });
  show(end.status);
  return end;
}

function isStopped(order: BegunOrder, stop: Stop): boolean {
  return stop.isAsked || order.isStopped === true;
}

function show(status: string): void {
  upsertSearchAttributes([{ key: orderStatusAttribute, value: status }]);
}
