import { statementOf } from '../../bench/measure/statement.ts';
import type { Pool } from '../../src/store/pool.ts';
import type { TestDatabase } from './database.ts';

interface Explained {
  readonly 'QUERY PLAN': readonly {
    readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
  }[];
}

/** Blocks that the first statement of `work` touches: a count, so no clock is in it. */
export async function countBlocks(
  database: TestDatabase,
  work: (pool: Pool) => Promise<unknown>,
): Promise<number> {
  const { text, values } = await statementOf(work);
  const [explained] = await database.rows<Explained>(
    `explain (analyze, buffers, format json) ${text}`,
    values,
  );
  const plan = explained?.['QUERY PLAN'][0]?.Plan;
  if (plan === undefined) throw new Error('Postgres explained nothing; is this the version of the stack?');
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}
