import { nameOf, statementOf } from './statement.ts';

test.each([
  ['select id from orders where id = $1', 'select orders'],
  ['delete from outbox where id = any($1)', 'delete outbox'],
  ['insert into "orders" (id) values ($1) on conflict (id) do update set id = $1', 'insert orders'],
  ['update orders set status = $1 where id in (select id from outbox)', 'update orders'],
  [
    'with moved as (\n  update orders set status = $1 returning id\n) insert into outbox select id from moved',
    'update orders',
  ],
  [
    'with given as (select * from unnest($1) as given (id)), kept as (insert into dead_letters select * from given) select 1',
    'insert dead_letters',
  ],
  [
    'select a.id from unnest($1::int4[]) as a (id) join orders on a.id = orders.id for update of orders',
    'select orders',
  ],
  ['select (select count(*) from (select from outbox limit $1) as counted)', 'select outbox'],
  ["select pg_notify('outbox', '')", 'select'],
  ['-- insert into nothing\nselect 1 from accounts', 'select accounts'],
  ['select extract(epoch from due - now()) from waiting_records', 'select waiting_records'],
  ['select 1 where $1 is distinct from old and exists (select from replays)', 'select replays'],
  ['SELECT 1', 'select'],
])('%s is called %s', (text, name) => {
  expect(nameOf(text)).toBe(name);
});

test('a text has one name for Postgres, and another text another', () => {
  const one = statementOf('select 1 from one');
  expect(statementOf('select 1 from one')).toBe(one);
  expect(statementOf('select 1 from two').name).not.toBe(one.name);
});
