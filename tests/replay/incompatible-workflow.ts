import { proxyLocalActivities, sleep } from '@temporalio/workflow';
import type { OrderActivities, TransactionActivities } from '../../src/activities/index.ts';

const { beginOrder } = proxyLocalActivities<Pick<OrderActivities, 'beginOrder'>>({
  startToCloseTimeout: '20s',
});

const { beginTransaction } = proxyLocalActivities<Pick<TransactionActivities, 'beginTransaction'>>({
  startToCloseTimeout: '20s',
});

/** What must never ship without `patched()`: the order's run with one more command in front. */
export async function processOrder({ orderId }: { orderId: string }): Promise<void> {
  await sleep('1s');
  await beginOrder(orderId);
}

export async function postTransaction({ transactionId }: { transactionId: string }): Promise<void> {
  await sleep('1s');
  await beginTransaction(transactionId, undefined);
}
