create table orders (
  id uuid constraint orders_pkey primary key,
  owner text not null,
  customer_email text,
  amount_cents bigint not null constraint orders_amount_positive check (amount_cents > 0),
  currency text not null,
  merchant_id text,
  items jsonb not null default '[]',
  status text not null default 'pending'
    constraint orders_status_known check (status in ('pending', 'processing', 'completed', 'failed', 'canceled')),
  payment_state text not null default 'none'
    constraint orders_payment_state_known
    check (payment_state in ('none', 'unknown', 'captured', 'refunding', 'refunded', 'refund_failed')),
  failure_reason text,
  version bigint not null default 1,
  trace_id text,
  -- Of the request that placed it; every event of the order carries it.
  correlation_id text,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

-- Ids are UUIDv7: newest first is an index scan backwards.
-- An owner's orders, newest first: GET /v1/orders.
create index orders_by_owner on orders (owner, id);
-- The same with a status filter.
create index orders_by_owner_and_status on orders (owner, status, id);
