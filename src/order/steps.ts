import type { OrderStatus, PaymentState } from './order.ts';

/** What an order goes through; each is one change of it, with the version that it has from then on. */
export const steps = [
  'accepted',
  'begun',
  'payment_unknown',
  'cancel_requested',
  'fail_requested',
  'refunding',
  'refund_failed',
  'completed',
  'failed',
  'canceled',
] as const;
type Step = (typeof steps)[number];

/** Whatever else is known of a step; nothing personal in it. */
export type StepDetail = Readonly<Record<string, unknown>>;

const names: Readonly<Record<string, Step>> = { processing: 'begun', unknown: 'payment_unknown' };

/** The step that brings an order, or what is known of its money, to where it is then. */
export function stepOf(reached: OrderStatus | PaymentState): string {
  return names[reached] ?? reached;
}
