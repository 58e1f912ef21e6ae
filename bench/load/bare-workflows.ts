import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { BareActivities } from './bare.ts';

// What Temporal alone costs: the same steps as processOrder with activities that do nothing.

const options = { startToCloseTimeout: '5s' } as const;
const local = proxyLocalActivities<BareActivities>(options);
const remote = proxyActivities<BareActivities>(options);

/** Nothing but a start and an end, to fill the store with closed workflows. */
export async function noActivity(): Promise<void> {}

/** begin (local) → charge (remote) → complete (local). */
export async function sameShape({ orderId }: { orderId: string }): Promise<{ status: string }> {
  const { order } = await local.begin(orderId);
  const { chargeId } = await remote.charge(order);
  await local.complete({ ...order, paymentId: chargeId });
  return { status: 'completed' };
}

/** The way without local activities: validate, charge, mark, announce. */
export async function fourRemote({ orderId }: { orderId: string }): Promise<{ status: string }> {
  const { order } = await remote.begin(orderId);
  const { chargeId } = await remote.charge(order);
  await remote.mark({ ...order, paymentId: chargeId });
  await remote.complete({ ...order, paymentId: chargeId });
  return { status: 'completed' };
}
