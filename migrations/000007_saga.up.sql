alter table orders
  -- Set once, by the first who asks; from then on the order can only become canceled.
  add column cancel_requested_at timestamptz,
  -- An operator's reason to end the order as failed, whatever was charged given back.
  add column fail_requested text;

-- What happened to an order, one row for each change, written by the statement that makes it true. Version 1 is the order itself.
create table timeline (
  order_id uuid not null,
  version bigint not null,
  step text not null,
  detail jsonb not null,
  at timestamptz not null,
  constraint timeline_pkey primary key (order_id, version)
);

-- The last failed attempt of each order that ever had one: overwritten, since an outage of a day is a thousand attempts.
create table failed_attempts (
  order_id uuid constraint failed_attempts_pkey primary key,
  step text not null,
  attempt int not null,
  error text not null,
  at timestamptz not null,
  next_at timestamptz
);
