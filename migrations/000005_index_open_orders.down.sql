drop index orders_open;
