import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { newId } from '../../src/core/id.ts';
import { serveLoad } from './serve.ts';

// The rows of an accept as one would write them without an API around: one order a statement, prepared, from a pool
// of the API's size. Kept apart from the store's own statement, which may take several orders at a time.

const text = `
  with claimed as (
    insert into idempotency_keys (caller, operation, key, fingerprint, order_id, response, expires_at)
    values ('anonymous', 'POST /v1/orders', $1, $2, $3, $4, now() + interval '72 hours')
    on conflict on constraint idempotency_keys_pkey do nothing
    returning order_id
  ), placed as (
    insert into orders (
      id, owner, customer_email, amount_cents, currency, merchant_id, items, trace_id, correlation_id, created_at, updated_at
    )
    select order_id, 'anonymous', 'bench@example.com', 1299, 'USD', 'bench', '[]', $5, $6, $7, $7
    from claimed
    returning id
  )
  insert into outbox (event_id, type, key, body, traceparent, correlation_id, created_at)
  select $8, 'order.created', $3::uuid::text, $9, $10, $6, $7
  from placed`;

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: Number(process.env.DB_MAX_CONNS ?? 25),
  idleTimeoutMillis: 0,
});

serveLoad({
  insert: async () => {
    const id = newId();
    const traceId = randomUUID().replaceAll('-', '');
    const now = new Date().toISOString();
    const values = [
      randomUUID(),
      Buffer.alloc(32, 7),
      id,
      answer(id, traceId, now),
      traceId,
      randomUUID(),
      now,
      randomUUID(),
      event(id, now),
      `00-${traceId}-b7ad6b7169203331-00`,
    ];
    const { rowCount } = await pool.query({ name: 'accept', text, values });
    if (rowCount !== 1) throw new Error(`the statement placed ${rowCount} orders instead of one`);
  },
});

// As large as what the API stores for the load's order.
function answer(id: string, traceId: string, now: string): string {
  return JSON.stringify({
    id,
    customer_email: 'bench@example.com',
    amount_cents: 1299,
    currency: 'USD',
    merchant_id: 'bench',
    items: [],
    status: 'pending',
    payment_state: 'none',
    failure_reason: null,
    created_at: now,
    updated_at: now,
    version: 1,
    trace_id: traceId,
  });
}

function event(id: string, now: string): string {
  return JSON.stringify({
    order_id: id,
    customer_email: 'bench@example.com',
    amount_cents: 1299,
    currency: 'USD',
    merchant_id: 'bench',
    items: [],
    created_at: now,
    schema_version: 1,
  });
}
