drop index idempotency_keys_by_expiry;
delete from idempotency_keys where order_id is null or response is null;
alter table idempotency_keys alter column order_id set not null, alter column response set not null;
