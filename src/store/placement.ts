import { sql } from 'slonik';
import { z } from 'zod';
import { type OrderEvent, orderCreated } from '../order/events.ts';
import type { Order } from '../order/order.ts';
import { within } from '../platform/within.ts';
import { coalesce } from './coalesce.ts';
import { type Claim, KeyBusyError, waitingForKey } from './idempotency.ts';
import { isLockedOut, type Pool, StoreUnavailableError } from './pool.ts';

export interface Placement {
  readonly order: Order;
  /** The answer's body; a repeat of the request gets the same bytes. */
  readonly response: string;
  readonly claim: Claim;
  readonly traceparent: string | null;
}

export type Placed =
  | { readonly outcome: 'placed' }
  /** The key was used before, with the same request: the answer as it was given then. */
  | { readonly outcome: 'replayed'; readonly orderId: string; readonly response: string }
  | { readonly outcome: 'key_reused' };

export type PlaceOrder = (placement: Placement) => Promise<Placed>;

// Two keep both cores busy; one more only makes the batches smaller.
const batchesAtOnce = 2;
const maxOrders = 64;
// One order of the largest size: a batch stays well within the time of one statement.
const maxCharacters = 2_097_152;
// As long as a statement may take: who has waited so long for one is told that Postgres is too busy.
const patienceMs = 5_000;
// As long as Postgres would make the second of two processes wait for the first.
const repeatWaitsMs = 1_000;

/** Orders that arrive together share a statement, a commit and its fsync, each with its own outcome. */
export function createPlaceOrder(pool: Pool): PlaceOrder {
  const underWay = new Map<string, Promise<Placed>>();
  const insertTogether = coalesce((placements: readonly Placement[]) => insertOrders(pool, placements), {
    atOnce: batchesAtOnce,
    maxItems: maxOrders,
    maxSize: maxCharacters,
    // The event says what the answer says, in other words.
    sizeOf: ({ response }) => response.length * 2,
    patienceMs,
    tooLate: () => new StoreUnavailableError(new Error(`no turn for an order within ${patienceMs} ms`)),
    isEverybodys: (error) => error instanceof StoreUnavailableError && !isLockedOut(error),
  });
  const place = async (placement: Placement): Promise<Placed> =>
    (await waitingForKey(insertTogether(placement))) ? { outcome: 'placed' } : placedBefore(pool, placement);
  return async (placement) => {
    const { caller, operation, key } = placement.claim;
    const name = JSON.stringify([caller, operation, key]);
    // A statement cannot claim a key twice: who comes second waits for the first, shares its failure, and finds its answer.
    const first = underWay.get(name);
    if (first !== undefined) {
      await within(repeatWaitsMs, first, () => new KeyBusyError());
      return placedBefore(pool, placement);
    }
    const placing = place(placement);
    underWay.set(name, placing);
    try {
      return await placing;
    } finally {
      underWay.delete(name);
    }
  };
}

/** One order by itself. */
export async function placeOrder(pool: Pool, placement: Placement): Promise<Placed> {
  const [isPlaced] = await waitingForKey(insertOrders(pool, [placement]));
  return isPlaced ? { outcome: 'placed' } : placedBefore(pool, placement);
}

type Value = string | number | Buffer | null;
type Column = readonly [name: string, type: string, read: (given: Placement, created: OrderEvent) => Value];

const columns: readonly Column[] = [
  ['order_id', 'uuid', ({ order }) => order.id],
  ['caller', 'text', ({ claim }) => claim.caller],
  ['operation', 'text', ({ claim }) => claim.operation],
  ['key', 'text', ({ claim }) => claim.key],
  ['fingerprint', 'bytea', ({ claim }) => claim.fingerprint],
  ['response', 'text', ({ response }) => response],
  ['ttl_seconds', 'float8', ({ claim }) => claim.ttlMs / 1_000],
  ['owner', 'text', ({ order }) => order.owner],
  ['customer_email', 'text', ({ order }) => order.customerEmail],
  ['amount_cents', 'int8', ({ order }) => order.amountCents],
  ['currency', 'text', ({ order }) => order.currency],
  ['merchant_id', 'text', ({ order }) => order.merchantId],
  ['items', 'text', ({ order }) => JSON.stringify(order.items)],
  ['trace_id', 'text', ({ order }) => order.traceId],
  ['correlation_id', 'text', ({ order }) => order.correlationId],
  ['created_at', 'timestamptz', ({ order }) => order.createdAt.toISOString()],
  ['event_id', 'uuid', (_, created) => created.id],
  ['event_type', 'text', (_, created) => created.type],
  ['event_body', 'text', (_, created) => JSON.stringify(created.body)],
  ['traceparent', 'text', ({ traceparent }) => traceparent],
];
const names = sql.join(
  columns.map(([name]) => sql.identifier([name])),
  sql.fragment`, `,
);
const types = columns.map(([, type]) => type);

function valuesOf(given: Placement): Value[] {
  const created = orderCreated(given.order);
  return columns.map(([, , read]) => read(given, created));
}

const claimed = z.object({ order_id: z.string() });

/**
 * Key, order and outbox row of each in one statement: all of it is durable, or none. False where the key was there before.
 * A key that another transaction is just writing makes this one wait for it; an expired key is taken over.
 * The keys must differ.
 */
async function insertOrders(pool: Pool, placements: readonly Placement[]): Promise<boolean[]> {
  const rows = await pool.rows(sql.type(claimed)`
    with given as materialized (
      select * from ${sql.unnest(placements.map(valuesOf), types)} as given (${names})
    ), claimed as (
      insert into idempotency_keys (caller, operation, key, fingerprint, order_id, response, expires_at)
      select caller, operation, key, fingerprint, order_id, response, now() + make_interval(secs => ttl_seconds)
      from given
      -- Everywhere the same order: two batches with the same keys must not each wait for the other.
      order by caller, operation, key
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
        order_id, owner, customer_email, amount_cents, currency, merchant_id, items::jsonb, trace_id,
        correlation_id, created_at, created_at
      from given join claimed using (order_id)
    ), announced as (
      insert into outbox (event_id, type, key, body, traceparent, correlation_id, created_at)
      select event_id, event_type, order_id::text, event_body, traceparent, correlation_id, created_at
      from given join claimed using (order_id)
    )
    select order_id from claimed`);
  const inserted = new Set(rows.map(({ order_id }) => order_id));
  return placements.map(({ order }) => inserted.has(order.id));
}

const earlier = z.object({ order_id: z.string(), response: z.string().nullable() });

async function placedBefore(pool: Pool, placement: Placement): Promise<Placed> {
  const { caller, operation, key, fingerprint } = placement.claim;
  const [before] = await pool.rows(sql.type(earlier)`
    select order_id, case when fingerprint = ${sql.binary(fingerprint)} then response end as response
    from idempotency_keys
    where caller = ${caller} and operation = ${operation} and key = ${key}`);
  // Gone between the two statements means it expired: what holds the key no longer is this very request.
  if (before === undefined) return placeOrder(pool, placement);
  // An earlier try of this very call went through and only its answer was lost.
  if (before.order_id === placement.order.id) return { outcome: 'placed' };
  return before.response === null
    ? { outcome: 'key_reused' }
    : { outcome: 'replayed', orderId: before.order_id, response: before.response };
}
