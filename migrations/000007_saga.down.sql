drop table failed_attempts;
drop table timeline;
alter table orders drop column fail_requested, drop column cancel_requested_at;
