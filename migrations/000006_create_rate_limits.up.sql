-- Unlogged: a row is about the last few seconds. After a crash of Postgres the table is empty, and every caller has a full
-- bucket once; to write every caller's every second into the log as well, and to replicas, would cost more than that.
create unlogged table rate_limits (
  caller text constraint rate_limits_pkey primary key,
  -- When the caller's bucket is full again. A row of the past says nothing, and goes with the next report of any process.
  full_at timestamptz not null
);
