import { sql } from 'slonik';
import { newId } from '../../src/core/id.ts';
import { findOrder } from '../../src/store/orders.ts';
import { createPool } from '../../src/store/pool.ts';
import { freshDatabase } from '../support/database.ts';

test('a connection prepares a statement once, whatever the values', async () => {
  await using database = await freshDatabase();
  await using pool = await createPool({
    url: database.url,
    maxConnections: 1,
    maxIdleConnections: 1,
    maxConnectionAgeMs: 300_000,
  });
  for (let at = 0; at < 3; at += 1) expect(await findOrder(pool, newId())).toBeUndefined();
  const prepared = await pool.rows(sql.unsafe`
    select generic_plans + custom_plans as runs from pg_prepared_statements where statement like '%from orders where id%'
      and statement not like '%pg_prepared_statements%'`);
  expect(prepared).toEqual([{ runs: 3 }]);
});
