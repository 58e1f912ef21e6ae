drop table waiting_records;
