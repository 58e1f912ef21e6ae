-- The latest state of each breaker, for processes to follow and people to read; one row, written when a breaker moves.
create table circuit_breakers (
  name text constraint circuit_breakers_pkey primary key,
  state text not null constraint circuit_breakers_state_check check (state in ('closed', 'open')),
  failures integer not null default 0,
  -- Both null while it is closed. From `until` on a call may be let through to see.
  opened_at timestamptz,
  until timestamptz,
  changed_at timestamptz not null default now(),
  -- The process that found it out; null for what a person decided.
  process text,
  -- Rises with every write: two may be made in one moment of the clock.
  version bigint not null default 1,
  constraint circuit_breakers_times_check check (
    (state = 'open') = (opened_at is not null) and (state = 'open') = (until is not null)
  )
);

-- There before any worker, so that it can be read and reset by its name.
insert into circuit_breakers (name, state) values ('payment', 'closed');
