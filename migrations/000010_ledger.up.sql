-- What money there is, and whose. Only accounts that must not go below zero are rows here, with a balance of their own: it is
-- the sum of their entries. The others (merchants, the house) are the sum of their entries and nothing else, since a row
-- that every order changes would let one order wait for the other.
create table accounts (
  id uuid constraint accounts_pkey primary key,
  owner text not null,
  currency text not null,
  balance_cents bigint not null default 0
    -- The largest integer that JSON's readers agree on.
    constraint accounts_balance_possible check (balance_cents between 0 and 9007199254740991),
  status text not null default 'ACTIVE' constraint accounts_status_known check (status in ('ACTIVE', 'SUSPENDED')),
  version bigint not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index accounts_by_owner on accounts (owner, id);

create table transactions (
  id uuid constraint transactions_pkey primary key,
  owner text not null,
  -- Without a reference: whether there is such an account is found when the transaction is applied.
  account_id uuid not null,
  -- Where the money comes from or goes to; null is the house.
  counter_account_id uuid,
  type text not null constraint transactions_type_known check (type in ('DEBIT', 'CREDIT')),
  amount_cents bigint not null constraint transactions_amount_positive check (amount_cents > 0),
  currency text not null,
  status text not null default 'PENDING'
    constraint transactions_status_known check (status in ('PENDING', 'PROCESSING', 'PROCESSED', 'FAILED')),
  failure_reason text,
  version bigint not null default 1,
  trace_id text,
  correlation_id text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint transactions_failed_for_a_reason check ((status = 'FAILED') = (failure_reason is not null))
);
create index transactions_by_account on transactions (account_id, owner, id);
-- Those that are not final yet: a queue's size, not the table's.
create index transactions_open on transactions (id) where status in ('PENDING', 'PROCESSING');

-- Events whose effect is in the ledger: written with it, so that none has it twice.
create table processed_events (
  event_id uuid constraint processed_events_pkey primary key,
  subject_id uuid not null,
  processed_at timestamptz not null
);

-- The book: what came to an account (above zero) or left it. A posting is all entries of a subject and kind, and for ever.
create table entries (
  -- Of the order or transaction.
  subject_id uuid not null,
  kind text not null constraint entries_kind_known check (kind in ('capture', 'refund', 'transaction')),
  -- customer:<account id>, merchant:<merchant id>, house:<name>
  account text not null constraint entries_account_known check (account ~ '^(customer|merchant|house):'),
  currency text not null,
  amount_cents bigint not null constraint entries_amount_not_zero check (amount_cents <> 0),
  at timestamptz not null,
  constraint entries_pkey primary key (subject_id, kind, account)
);

create function entries_sum_to_zero() returns trigger language plpgsql as $$
declare
  uneven record;
begin
  select subject_id, kind, currency, sum(amount_cents) as cents into uneven
  from added group by subject_id, kind, currency having sum(amount_cents) <> 0 limit 1;
  if found then
    raise exception 'posting % of % does not sum to zero: % in %', uneven.kind, uneven.subject_id, uneven.cents, uneven.currency
      using errcode = 'check_violation', constraint = 'entries_sum_to_zero';
  end if;
  return null;
end $$;
create function entries_are_for_ever() returns trigger language plpgsql as $$
begin
  raise exception 'entries are never changed or deleted; post the opposite instead'
    using errcode = 'check_violation', constraint = 'entries_are_for_ever';
end $$;
create trigger entries_are_for_ever before update or delete or truncate on entries
  for each statement execute function entries_are_for_ever();

-- The orders of before: as the moves that ended them would have posted them. Workers of before may end more until they are
-- replaced; docs/runbook.md has what books those.
insert into entries (subject_id, kind, account, currency, amount_cents, at)
select id, posting.kind, side.account, currency, side.sign * posting.sign * amount_cents, updated_at
from orders
  join (values ('capture', 1), ('refund', -1)) as posting (kind, sign)
    on (status = 'completed' and kind = 'capture') or payment_state = 'refunded'
  cross join lateral (
    values ('house:provider', -1), (coalesce('merchant:' || merchant_id, 'house:sales'), 1)
  ) as side (account, sign)
where status in ('completed', 'failed', 'canceled');

-- Each statement by itself: whatever was there before summed to zero too.
create trigger entries_sum_to_zero after insert on entries
  referencing new table as added for each statement execute function entries_sum_to_zero();
