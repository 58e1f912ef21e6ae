-- Records that failed, and later ones of the same key, which wait behind them: gone once they are done or set aside.
create table waiting_records (
  id bigint generated always as identity constraint waiting_records_pkey primary key,
  consumer_group text not null,
  -- Where it was first read.
  topic text not null,
  partition integer not null,
  record_offset bigint not null,
  key bytea,
  -- Of a key's records the first goes first; a record without a key waits for none. A foreign key may be too long for an index.
  key_hash bytea generated always as (sha256(key)) stored,
  -- That failed, and those begun since of which nobody has told the end.
  attempts integer not null,
  unreported integer not null default 0,
  reason text not null,
  due_at timestamptz not null,
  -- It came back on the topic of retries, which is when it is tried; without that a minute later.
  arrived boolean not null,
  value bytea,
  headers json not null,
  -- Of value and headers: a replay may change them while they are being tried.
  version integer not null default 1,
  constraint waiting_records_origin unique (consumer_group, topic, partition, record_offset)
);
create index waiting_records_by_key on waiting_records (consumer_group, key_hash, id);
create index waiting_records_due on waiting_records (consumer_group, due_at);
