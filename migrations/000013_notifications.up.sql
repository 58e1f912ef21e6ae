-- What customers were told: it stands for the mail that goes out, which nothing out there would refuse a second time either.
create table notifications (
  -- Of the attempt: a statement that is repeated for a lost connection changes nothing.
  id uuid constraint notifications_pkey primary key,
  -- Not unique: that it is there once is the work of the deduplication store.
  event_id uuid not null,
  order_id uuid not null,
  what text not null,
  at timestamptz not null
);
create index notifications_by_event on notifications (event_id);

-- Events that customers were told of, with DEDUP_STORE=postgres; apart from processed_events, whose marks are the ledger's
-- and kept for ever: one event may have an effect with each of its consumers.
create table notified_events (
  event_id uuid constraint notified_events_pkey primary key,
  at timestamptz not null
);
-- The oldest are swept.
create index notified_events_by_age on notified_events (at);
