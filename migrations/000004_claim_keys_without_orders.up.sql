-- A batch and a cancel claim their key without an answer of their own: what they did is found by other means.
alter table idempotency_keys alter column order_id drop not null, alter column response drop not null;

-- For the sweep. Keys expire in the order they come in: a block range needs no entry of its own for every accept.
create index idempotency_keys_by_expiry on idempotency_keys using brin (expires_at) with (autosummarize = on);
