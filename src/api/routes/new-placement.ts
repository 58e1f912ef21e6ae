import type { Context } from 'koa';
import { newOrderId } from '../../order/id.ts';
import { pendingOrder } from '../../order/order.ts';
import { activeTraceId } from '../../platform/http/observe.ts';
import { activeTraceparent } from '../../platform/telemetry.ts';
import type { Claim } from '../../store/idempotency.ts';
import type { Placement } from '../../store/placement.ts';
import { callerOf } from '../caller.ts';
import { presentOrder } from '../present.ts';
import type { NewOrder } from '../schemas.ts';

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
    newOrderId(),
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
