drop table circuit_breakers;
