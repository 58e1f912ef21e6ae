import { orderBegun, orderEnded } from '../facts.ts';
import { type Outcome, orderFailed, orderProcessed } from '../order/events.ts';
import { isOrderId } from '../order/id.ts';
import type { Order, OrderStatus } from '../order/order.ts';
import { activeTraceparent } from '../platform/telemetry.ts';
import { type Move, type Moved, moveOrder } from '../store/orders.ts';
import { runDefect } from './failures.ts';
import type { ActivityDeps } from './index.ts';

/** What the run needs to know of its order, read from Postgres: an event's own figures are not trusted. */
export interface BegunOrder extends Outcome {
  readonly paymentGiveUpAfterMs: number;
}

type Begun =
  | { readonly outcome: 'begun'; readonly order: BegunOrder }
  | { readonly outcome: 'final'; readonly status: OrderStatus };

export interface OrderActivities {
  beginOrder(orderId: string): Promise<Begun>;
  completeOrder(order: Outcome & { paymentId: string }): Promise<void>;
  failOrder(order: Outcome & { reason: string }): Promise<void>;
}

export function orderActivities({ pool, signal, log, paymentGiveUpAfterMs }: ActivityDeps): OrderActivities {
  return {
    async beginOrder(orderId) {
      const moved: Moved = isOrderId(orderId)
        ? await moveOrder(pool, { orderId, from: 'pending', to: 'processing' })
        : { outcome: 'no_such_order' };
      if (moved.outcome === 'no_such_order') {
        throw runDefect(
          'OrderNotFound',
          `Postgres has no order ${orderId}: was the event forged, or the database restored?`,
        );
      }
      if (moved.outcome === 'refused') return { outcome: 'final', status: moved.order.status };
      if (moved.outcome === 'moved') orderBegun(log, orderId);
      // The id as Postgres has it: another spelling of the same UUID must not become another payment key.
      const { id, amountCents, currency, merchantId } = moved.order;
      return {
        outcome: 'begun',
        order: { orderId: id, amountCents, currency, merchantId, paymentGiveUpAfterMs },
      };
    },

    completeOrder: (order) =>
      end({
        orderId: order.orderId,
        from: 'processing',
        to: 'completed',
        paymentState: 'captured',
        event: orderProcessed(order, new Date()),
        traceparent: activeTraceparent(),
      }),

    failOrder: (order) =>
      end({
        orderId: order.orderId,
        from: 'processing',
        to: 'failed',
        failureReason: order.reason,
        event: orderFailed(order, new Date()),
        traceparent: activeTraceparent(),
      }),
  };

  async function end(move: Move): Promise<void> {
    const moved = await moveOrder(pool, move);
    if (moved.outcome === 'no_such_order' || moved.outcome === 'refused') {
      const status = moved.outcome === 'refused' ? moved.order.status : 'gone';
      throw runDefect(
        'OrderStateConflict',
        `Order ${move.orderId} is ${status} and cannot become ${move.to}; compare it with the payment service.`,
      );
    }
    if (moved.outcome === 'moved') announceEnd(moved.order);
  }

  function announceEnd(order: Order): void {
    signal();
    orderEnded(log, order);
  }
}
