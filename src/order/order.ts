import type { Subject } from '../core/subject.ts';

export const orderStatuses = ['pending', 'processing', 'completed', 'failed', 'canceled'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** What is known of the customer's money; beside the status, not part of it. */
export const paymentStates = [
  'none',
  'unknown',
  'captured',
  'refunding',
  'refunded',
  'refund_failed',
] as const;
export type PaymentState = (typeof paymentStates)[number];

export interface Item {
  readonly productId: string;
  readonly quantity: number;
  readonly unitPriceCents: number;
}

export interface Order extends Subject {
  readonly customerEmail: string | null;
  readonly amountCents: number;
  /** ISO 4217. */
  readonly currency: string;
  readonly merchantId: string | null;
  readonly items: readonly Item[];
  readonly status: OrderStatus;
  readonly paymentState: PaymentState;
  readonly failureReason: string | null;
  /** Somebody was promised that it becomes canceled, once it is known what to give back. */
  readonly cancelRequestedAt: Date | null;
  /** An operator's reason to end it as failed, in the same way. */
  readonly failRequested: string | null;
}

type Given = Pick<
  Order,
  | 'owner'
  | 'customerEmail'
  | 'amountCents'
  | 'currency'
  | 'merchantId'
  | 'items'
  | 'traceId'
  | 'correlationId'
>;

/** An order as it is at the moment it is placed. */
export function pendingOrder(id: string, given: Given, now: Date): Order {
  return {
    id,
    ...given,
    status: 'pending',
    paymentState: 'none',
    failureReason: null,
    cancelRequestedAt: null,
    failRequested: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}

const successors: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  pending: ['processing', 'canceled', 'failed'],
  processing: ['completed', 'failed', 'canceled'],
  completed: [],
  failed: [],
  canceled: [],
};

/** What may be learnt of a processing order's money, after what; how it ends is told by the move that ends it. */
export const paymentPredecessors = {
  unknown: ['none'],
  refunding: ['none', 'unknown'],
  refund_failed: ['refunding'],
} as const satisfies Readonly<Partial<Record<PaymentState, readonly PaymentState[]>>>;

/** Nobody may complete it any more: what was charged is given back first. */
export function isStopped({ cancelRequestedAt, failRequested }: Order): boolean {
  return cancelRequestedAt !== null || failRequested !== null;
}

/** It stays so for ever. */
export function isFinal(status: OrderStatus): boolean {
  return successors[status].length === 0;
}

export function canMove(from: OrderStatus, to: OrderStatus): boolean {
  return successors[from].includes(to);
}
