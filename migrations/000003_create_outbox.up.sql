-- Rows leave by being sent: what is here is what the broker has not acknowledged yet.
create table outbox (
  id bigint generated always as identity constraint outbox_pkey primary key,
  -- A relay owns whole partitions, so that one order's events never overtake each other.
  partition smallint not null generated always as (mod(hashtextextended(key, 0) & 9223372036854775807, 6)) stored,
  event_id uuid not null,
  type text not null,
  key text not null,
  body text not null,
  traceparent text,
  correlation_id text,
  created_at timestamptz not null
);
