import { activityInfo } from '@temporalio/activity';
import { isId } from '../core/id.ts';
import { cancelDecided, orderBegun, orderEnded } from '../facts.ts';
import { capturePosting, refundPosting } from '../ledger/posting.ts';
import { type Outcome, orderCanceled, orderFailed, orderProcessed } from '../order/events.ts';
import { isStopped, type Order, type OrderStatus } from '../order/order.ts';
import { activeTraceparent } from '../platform/telemetry.ts';
import { cancelOrder, type Move, type Moved, moveOrder } from '../store/moves.ts';
import { findOrder } from '../store/orders.ts';
import type { RecordPosition } from '../workflows/contract.ts';
import { orderNotFound, runDefect } from './failures.ts';
import type { ActivityDeps } from './index.ts';

/** What the run needs to know of its order, read from Postgres: an event's own figures are not trusted. */
export interface BegunOrder extends Outcome {
  readonly paymentGiveUpAfterMs: number;
  /** Somebody asked to stop it before. Absent, as the next, in histories that know no stop. */
  readonly isStopped?: boolean;
  /** It was processing already: an earlier run of it may have charged. */
  readonly isRepeated?: boolean;
}

type Begun =
  | { readonly outcome: 'begun'; readonly order: BegunOrder }
  | { readonly outcome: 'final'; readonly status: OrderStatus };

/** `stopped`: nothing was written, since somebody asked to stop the order; undefined in histories that know no stop. */
type Ended = 'ended' | 'stopped' | undefined;

export interface OrderActivities {
  beginOrder(orderId: string, record?: RecordPosition): Promise<Begun>;
  completeOrder(order: Outcome & { paymentId: string }): Promise<Ended>;
  failOrder(order: Outcome & { reason: string }): Promise<Ended>;
  /** Once nothing of it is charged any more: as canceled, or as failed when only an operator asked. */
  endStopped(order: Outcome & { refundId?: string }): Promise<{ status: OrderStatus; reason: string }>;
  /** What a cancel request to the run itself comes to, decided as for any client; true when the order is to be stopped. */
  requestCancel(orderId: string): Promise<boolean>;
  readStopped(orderId: string): Promise<boolean>;
}

export function orderActivities({ pool, signal, log, paymentGiveUpAfterMs }: ActivityDeps): OrderActivities {
  return {
    async beginOrder(orderId, record) {
      // Absent only for activities without a workflow, which these are not.
      const { workflowId, runId } = activityInfo().workflowExecution ?? {};
      const moved: Moved = isId(orderId)
        ? await moveOrder(pool, {
            orderId,
            from: 'pending',
            to: 'processing',
            detail: { workflow_id: workflowId, run_id: runId, ...(record === undefined ? {} : { record }) },
          })
        : { outcome: 'no_such_order' };
      if (moved.outcome === 'no_such_order') throw orderNotFound(orderId);
      if (moved.outcome === 'refused') return { outcome: 'final', status: moved.order.status };
      if (moved.outcome === 'moved') orderBegun(log, orderId);
      // The id as Postgres has it: another spelling of the same UUID must not become another payment key.
      const { id, amountCents, currency, merchantId } = moved.order;
      return {
        outcome: 'begun',
        order: {
          orderId: id,
          amountCents,
          currency,
          merchantId,
          paymentGiveUpAfterMs,
          isStopped: isStopped(moved.order),
          isRepeated: moved.outcome === 'already_there',
        },
      };
    },

    completeOrder: (order) =>
      end({
        orderId: order.orderId,
        from: 'processing',
        to: 'completed',
        when: 'not_stopped',
        paymentState: 'captured',
        event: orderProcessed(order, new Date()),
        postings: [capturePosting(order)],
        detail: { payment_id: order.paymentId },
      }),

    failOrder: (order) =>
      end({
        orderId: order.orderId,
        from: 'processing',
        to: 'failed',
        when: 'not_stopped',
        paymentState: 'none',
        failureReason: order.reason,
        event: orderFailed(order, new Date()),
        detail: { reason: order.reason },
      }),

    async endStopped({ refundId, ...order }) {
      const found = await findOrder(pool, order.orderId);
      if (found === undefined) throw orderNotFound(order.orderId);
      const { cancelRequestedAt, failRequested } = found;
      const rest = {
        orderId: order.orderId,
        from: 'processing',
        paymentState: refundId === undefined ? 'none' : 'refunded',
        // Never the merchant's for a moment: both at once.
        postings: refundId === undefined ? [] : [capturePosting(order), refundPosting(order)],
        detail: refundId === undefined ? {} : { refund_id: refundId },
      } as const;
      const reason = cancelRequestedAt === null ? (failRequested ?? 'stopped') : 'cancel_requested';
      const status = cancelRequestedAt === null ? 'failed' : 'canceled';
      const ended = await end(
        status === 'canceled'
          ? { ...rest, to: status, when: 'cancel_requested', event: orderCanceled(order, new Date()) }
          : {
              ...rest,
              to: status,
              when: 'fail_requested',
              failureReason: reason,
              event: orderFailed({ ...order, reason }, new Date()),
            },
      );
      // A cancel came between the look and the move: looked at anew, the order has its mark.
      if (ended === 'stopped')
        throw new Error(`A cancel of order ${order.orderId} came just now; look again.`);
      return { status, reason };
    },

    async requestCancel(orderId) {
      const order = await orderOf(orderId);
      if (order === undefined) return false;
      const event = orderCanceled({ ...order, orderId: order.id }, new Date());
      const canceled = await cancelOrder(pool, {
        orderId: order.id,
        event,
        traceparent: activeTraceparent(),
      });
      if (canceled.outcome !== 'canceled' && canceled.outcome !== 'requested') return false;
      if (canceled.isNew) {
        signal();
        cancelDecided(log, canceled.order);
      }
      return true;
    },

    async readStopped(orderId) {
      const order = await orderOf(orderId);
      return order !== undefined && isStopped(order);
    },
  };

  /** Of a run that was started by hand it may be any text. */
  async function orderOf(orderId: string): Promise<Order | undefined> {
    return isId(orderId) ? findOrder(pool, orderId) : undefined;
  }

  async function end(move: Move): Promise<Ended> {
    const moved = await moveOrder(pool, { ...move, traceparent: activeTraceparent() });
    if (moved.outcome === 'no_such_order') throw orderNotFound(move.orderId);
    if (moved.outcome === 'refused') {
      const { id, status } = moved.order;
      if (status === 'processing') return 'stopped';
      throw runDefect(
        'OrderStateConflict',
        `Order ${id} is ${status} and cannot become ${move.to}; compare it with the payment service.`,
      );
    }
    if (moved.outcome === 'moved') {
      signal();
      orderEnded(log, moved.order);
    }
    return 'ended';
  }
}
