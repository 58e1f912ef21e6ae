drop table reconciliation_facts;
drop table reconciliations;
drop index orders_stopping;
drop table stuck_orders;
