import type { Context } from 'koa';
import { newId } from '../../core/id.ts';
import { acceptReplayed, orderAccepted } from '../../facts.ts';
import { type Order, pendingOrder } from '../../order/order.ts';
import { activeTraceId } from '../../platform/http/observe.ts';
import { activeTraceparent, describeSpan, inStep, noteInSpan } from '../../platform/telemetry.ts';
import type { Claim } from '../../store/idempotency.ts';
import type { Placed, Placement } from '../../store/placement.ts';
import { callerOf } from '../caller.ts';
import { presentOrder, versionTag } from '../present.ts';
import type { NewOrder } from '../schemas.ts';
import { keyReused } from './claim-once.ts';
import type { PlacingRoutes } from './orders.ts';

/** What a request, or one item of a batch, asks to be placed, with the answer that it gets and that repeats get. */
export function newPlacement(ctx: Context, given: NewOrder, claim: Omit<Claim, 'caller'>): Placement<Order> {
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
    subject: order,
    response: JSON.stringify(presentOrder(order)),
    claim: { ...claim, caller: owner },
    traceparent: activeTraceparent(),
  };
}

export interface Accepted {
  readonly id: string;
  /** As the first answer had it. */
  readonly response: string;
  readonly isReplayed: boolean;
}

/** Key, order and event are durable together once it resolves; the 422 of a key that belongs to another request. */
export function place(
  deps: Pick<PlacingRoutes, 'placeOrder' | 'log'>,
  placement: Placement<Order>,
): Promise<Accepted> {
  const { subject: order } = placement;
  const attributes = {
    'order.id': order.id,
    'merchant.id': order.merchantId ?? undefined,
    'idempotency.hit': false,
  };
  return inStep('createOrder', attributes, () =>
    inStep('persistOrder', {}, () => deps.placeOrder(placement)).then((placed) =>
      acceptedAs(placed, placement, {
        placed: () => orderAccepted(deps.log, order),
        replayed: (id) => {
          describeSpan({ 'order.id': id });
          acceptReplayed(deps.log, { subject: 'order', id });
        },
      }),
    ),
  );
}

/** 202, with the same bytes for a repeat; `list` is the address that what was accepted is found under. */
export function answerAccepted(ctx: Context, { id, response, isReplayed }: Accepted, list: string): void {
  if (isReplayed) ctx.set('Idempotent-Replayed', 'true');
  ctx.status = 202;
  ctx.set({
    Location: `${list}/${id}`,
    ETag: versionTag({ version: 1 }),
    'Retry-After': '1',
  });
  ctx.body = response;
  ctx.type = 'application/json';
}

/** What the store made of a placement, told once; the 422 of a key that belongs to another request. */
export function acceptedAs<Of extends { readonly id: string }>(
  outcome: Placed,
  { subject, response }: { readonly subject: Of; readonly response: string },
  tell: { readonly placed: () => void; readonly replayed: (id: string) => void },
): Accepted {
  switch (outcome.outcome) {
    case 'placed':
      tell.placed();
      return { id: subject.id, response, isReplayed: false };
    case 'replayed':
      tell.replayed(outcome.id);
      describeSpan({ 'idempotency.hit': true });
      noteInSpan('idempotent_request_cached');
      return { id: outcome.id, response: outcome.response, isReplayed: true };
    case 'key_reused':
      throw keyReused();
    default:
      return outcome satisfies never;
  }
}
