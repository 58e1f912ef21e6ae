import { sql } from 'slonik';
import { z } from 'zod';
import { orderCreated } from '../order/events.ts';
import type { Order } from '../order/order.ts';
import { announce } from './outbox.ts';
import type { Pool } from './pool.ts';

export interface Claim {
  readonly caller: string;
  readonly operation: string;
  readonly key: string;
  /** SHA-256 of the request's canonical body. */
  readonly fingerprint: Buffer;
  readonly ttlMs: number;
}

export type Placed =
  | { readonly outcome: 'placed' }
  /** The key was used before, with the same request: the answer as it was given then. */
  | { readonly outcome: 'replayed'; readonly orderId: string; readonly response: string }
  | { readonly outcome: 'key_reused' };

const claimed = z.object({ order_id: z.string() });
const earlier = z.object({ order_id: z.string(), response: z.string(), same_request: z.boolean() });

/**
 * Key, order and outbox row in one statement: all of it is durable, or none.
 * A key that another transaction is just writing makes this one wait for it; an expired key is taken over.
 */
export async function placeOrder(
  pool: Pool,
  order: Order,
  response: string,
  claim: Claim,
  traceparent: string | null,
): Promise<Placed> {
  const { caller, operation, key, fingerprint, ttlMs } = claim;
  const created = await pool.rows(sql.type(claimed)`
    with claimed as (
      insert into idempotency_keys (caller, operation, key, fingerprint, order_id, response, expires_at)
      values (
        ${caller}, ${operation}, ${key}, ${sql.binary(fingerprint)}, ${order.id}, ${response},
        now() + make_interval(secs => ${ttlMs / 1_000})
      )
      on conflict on constraint idempotency_keys_pkey do update set
        fingerprint = excluded.fingerprint,
        order_id = excluded.order_id,
        response = excluded.response,
        expires_at = excluded.expires_at
      where idempotency_keys.expires_at <= now()
      returning order_id
    ), placed as (
      insert into orders (
        id, owner, customer_email, amount_cents, currency, merchant_id, items, trace_id,
        correlation_id, created_at, updated_at
      )
      select
        order_id, ${order.owner}, ${order.customerEmail}, ${order.amountCents}::int8, ${order.currency}, ${order.merchantId},
        ${JSON.stringify(order.items)}::jsonb, ${order.traceId},
        ${order.correlationId},
        ${order.createdAt.toISOString()}::timestamptz, ${order.createdAt.toISOString()}::timestamptz
      from claimed
      returning correlation_id
    ), announced as (${announce(orderCreated(order), traceparent, sql.fragment`placed`)})
    select order_id from claimed`);
  if (created.length > 0) return { outcome: 'placed' };

  const [before] = await pool.rows(sql.type(earlier)`
    select order_id, response, fingerprint = ${sql.binary(fingerprint)} as same_request
    from idempotency_keys
    where caller = ${caller} and operation = ${operation} and key = ${key}`);
  // Gone between the two statements means it expired: what holds the key no longer is this very request.
  if (before === undefined) return placeOrder(pool, order, response, claim, traceparent);
  // An earlier try of this very call went through and only its answer was lost.
  if (before.order_id === order.id) return { outcome: 'placed' };
  return before.same_request
    ? { outcome: 'replayed', orderId: before.order_id, response: before.response }
    : { outcome: 'key_reused' };
}
