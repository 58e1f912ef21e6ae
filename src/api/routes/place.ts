import type { Context } from 'koa';
import { newId } from '../../core/id.ts';
import { acceptReplayed, orderAccepted } from '../../facts.ts';
import { pendingOrder } from '../../order/order.ts';
import { activeTraceId } from '../../platform/http/observe.ts';
import { activeTraceparent, inStep, noteInSpan } from '../../platform/telemetry.ts';
import type { Claim } from '../../store/idempotency.ts';
import type { Placement } from '../../store/placement.ts';
import { callerOf } from '../caller.ts';
import { presentOrder } from '../present.ts';
import type { NewOrder } from '../schemas.ts';
import { keyReused } from './claim-once.ts';
import type { PlacingRoutes } from './orders.ts';

/** What a request, or one item of a batch, asks to be placed, with the answer that it gets and that repeats get. */
export function newPlacement(ctx: Context, given: NewOrder, claim: Omit<Claim, 'caller'>): Placement {
  const owner = callerOf(ctx);
  const {
    customer_email: customerEmail = null,
    amountCents,
    currency,
    merchant_id: merchantId = null,
    items,
  } = given;
  const order = pendingOrder(
    newId(),
    {
      owner,
      traceId: activeTraceId(),
      correlationId: ctx.state.requestId,
      customerEmail,
      amountCents,
      currency,
      merchantId,
      items,
    },
    new Date(),
  );
  return {
    order,
    response: JSON.stringify(presentOrder(order)),
    claim: { ...claim, caller: owner },
    traceparent: activeTraceparent(),
  };
}

export interface Accepted {
  readonly orderId: string;
  /** The order as its first answer had it. */
  readonly response: string;
  readonly isReplayed: boolean;
}

/** Key, order and event are durable together once it resolves; the 422 of a key that belongs to another request. */
export function place(
  deps: Pick<PlacingRoutes, 'placeOrder' | 'log'>,
  placement: Placement,
): Promise<Accepted> {
  const { order, claim } = placement;
  const attributes = {
    'order.id': order.id,
    'merchant.id': order.merchantId ?? undefined,
    'idempotency.key': claim.key,
  };
  return inStep('createOrder', attributes, () => persist(deps, placement));
}

async function persist(
  { placeOrder, log }: Pick<PlacingRoutes, 'placeOrder' | 'log'>,
  placement: Placement,
): Promise<Accepted> {
  const placed = await inStep('persistOrder', {}, () => placeOrder(placement));
  switch (placed.outcome) {
    case 'placed':
      orderAccepted(log, placement.order);
      return { orderId: placement.order.id, response: placement.response, isReplayed: false };
    case 'replayed':
      acceptReplayed(log, placed.orderId);
      noteInSpan('idempotent_request_cached');
      return { orderId: placed.orderId, response: placed.response, isReplayed: true };
    case 'key_reused':
      throw keyReused();
    default:
      return placed satisfies never;
  }
}
