-- Orders that are not final yet, counted once a second by each api: a queue's size, not the table's.
create index orders_open on orders (id) where status in ('pending', 'processing');
