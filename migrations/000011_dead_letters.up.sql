-- Records that were set aside, as they lie in the dead letters' topics; rows go when the topics forget theirs.
create table dead_letters (
  -- <group>/<topic>/<partition>/<offset> of where it came from: one that is set aside again is the same letter.
  id text constraint dead_letters_pkey primary key,
  -- Who could not handle it; null when somebody else put it there.
  consumer_group text,
  topic text not null,
  partition int not null,
  record_offset bigint not null,
  key bytea,
  value bytea,
  -- {name: [value in base64, …]}; not jsonb, which does not take the U+0000 that a stranger's name may have.
  headers json not null,
  event_id text,
  class text not null,
  reason text not null,
  attempts int not null,
  traceparent text,
  -- Of the last time, in the milliseconds that its cursor has.
  at timestamptz(3) not null,
  -- What it holds is not all of the record.
  is_cut boolean not null,
  dlq_topic text not null,
  dlq_partition int not null,
  dlq_offset bigint not null,
  replays int not null default 0,
  replayed_at timestamptz,
  -- The one that waits to be sent.
  replay_waiting uuid
);
create index dead_letters_by_time on dead_letters (at, id);
create index dead_letters_by_event on dead_letters (event_id, at);
-- A stranger's key may have a megabyte, which no other index takes.
create index dead_letters_by_key on dead_letters using hash (key);

-- Who asked for what to be handled once more: sent from here, and kept when its letter is gone.
create table replays (
  id uuid constraint replays_pkey primary key,
  letter_id text not null,
  -- What is sent: the letter's own event, or the new one that an edit makes, with the one that it was made from.
  event_id text,
  causation_id text,
  edited_value bytea,
  caller text not null,
  requested_at timestamptz not null,
  -- By a keeper, which has this long for it: a later one sends it again.
  claimed_at timestamptz,
  ended_at timestamptz,
  outcome text not null default 'waiting'
    constraint replays_outcome_known check (outcome in ('waiting', 'sent', 'refused', 'letter_gone'))
);
create index replays_waiting on replays (id) where ended_at is null;
create index replays_by_letter on replays (letter_id, id);
create index replays_by_claim on replays (claimed_at);
