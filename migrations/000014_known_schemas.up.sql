-- Schemas that a registry has handed out: what is known already is read and written while it is down, after a restart too.
create table known_schemas (
  registry text not null,
  id integer not null,
  format text not null constraint known_schemas_format_check check (format in ('avro', 'protobuf')),
  schema text not null
);
-- A registry may hand a schema out in another spelling than it was registered in: both are kept.
create unique index known_schemas_key on known_schemas (registry, id, md5(schema));
