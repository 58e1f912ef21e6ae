drop table known_schemas;
