-- A batch and a cancel claim their key without an answer of their own: what they did is found by other means.
alter table idempotency_keys alter column order_id drop not null, alter column response drop not null;

-- For the sweep. Not BRIN: a block range never forgets its oldest key, so once pages are reused every range looks expired.
create index idempotency_keys_by_expiry on idempotency_keys (expires_at);
