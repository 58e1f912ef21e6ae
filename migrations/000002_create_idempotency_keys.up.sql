create table idempotency_keys (
  caller text not null,
  operation text not null,
  key text not null,
  -- SHA-256 of the canonical request body: the same key with another body is refused.
  fingerprint bytea not null,
  order_id uuid not null,
  -- The answer's bytes as first sent; a replay repeats them.
  response text not null,
  expires_at timestamptz not null,
  constraint idempotency_keys_pkey primary key (caller, operation, key)
);
