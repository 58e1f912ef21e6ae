import type { PaymentClient } from '../payment/client.ts';
import type { Logger } from '../platform/logger.ts';
import type { OutboxSignal } from '../store/outbox-signal.ts';
import type { Pool } from '../store/pool.ts';
import { orderActivities } from './orders.ts';
import { paymentActivities } from './payment.ts';
import { transactionActivities } from './transactions.ts';

export type { BegunOrder, OrderActivities } from './orders.ts';
export type { PaymentActivities, PaymentOutcome } from './payment.ts';
export type { TransactionActivities } from './transactions.ts';

export interface ActivityDeps {
  readonly pool: Pool;
  readonly signal: OutboxSignal;
  readonly payment: PaymentClient;
  readonly log: Logger;
  readonly paymentGiveUpAfterMs: number;
}

export function createActivities(deps: ActivityDeps) {
  return { ...orderActivities(deps), ...paymentActivities(deps), ...transactionActivities(deps) };
}
