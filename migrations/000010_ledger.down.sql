drop table entries;
drop function entries_sum_to_zero, entries_are_for_ever;
drop table processed_events;
drop table transactions;
drop table accounts;
