-- What the watchdog found at its last look, one row for each order and reason.
create table stuck_orders (
  reason text not null,
  -- As the order, its event or its run has it: a run may name an order that never was.
  order_id text not null,
  since timestamptz not null,
  detail jsonb not null,
  constraint stuck_orders_pkey primary key (reason, order_id)
);

-- Orders that somebody asked to stop, until they have: few, and looked for every few seconds.
create index orders_stopping on orders (id)
  where status = 'processing' and (cancel_requested_at is not null or fail_requested is not null);

create table reconciliations (
  id uuid constraint reconciliations_pkey primary key,
  requested_by text not null,
  requested_at timestamptz not null,
  -- Of the newest attempt, which is known by its id: one that was overtaken must not go on.
  started_at timestamptz,
  attempt uuid,
  -- Until then no other keeper takes it up.
  leased_until timestamptz,
  last_error text,
  finished_at timestamptz,
  counts jsonb,
  differences jsonb,
  differences_total bigint
);
-- One at a time.
create unique index reconciliations_open on reconciliations ((true)) where finished_at is null;

-- What all sides but the orders say of each order, by an id of its own: said twice it is there once.
-- Unlogged: after a crash of Postgres the attempt starts anew.
create unlogged table reconciliation_facts (
  attempt uuid not null,
  order_id text not null,
  facts jsonb not null,
  constraint reconciliation_facts_pkey primary key (attempt, order_id)
);
