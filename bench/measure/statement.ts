import type { Pool } from '../../src/store/pool.ts';

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The first statement that `work` sends, as it would go to Postgres: what is measured bare is what the store runs. */
export async function statementOf(work: (pool: Pool) => Promise<unknown>): Promise<Statement> {
  let sent: Statement | undefined;
  const captured = new Error('captured');
  const pool: Pool = {
    rows: async ({ sql, values }) => {
      sent = { text: sql.replaceAll('$slonik_', '$'), values };
      throw captured;
    },
    [Symbol.asyncDispose]: async () => {},
  };
  await work(pool).catch((error: unknown) => {
    if (error !== captured) throw error;
  });
  if (sent === undefined) throw new Error('The work sent no statement; give a function of the store.');
  return sent;
}
