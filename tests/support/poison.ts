import { Client } from 'pg';

/** While `work` goes on Postgres refuses entries of that many cents, or all: it stands for a defect that only they meet. */
export async function withPoison<T>(databaseUrl: string, work: () => Promise<T>, cents?: number): Promise<T> {
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  try {
    await database.query(`create function poison() returns trigger language plpgsql as
      $$ begin raise exception 'poison'; end $$`);
    const when = cents === undefined ? '' : `when (new.amount_cents = ${cents})`;
    await database.query(
      `create trigger poison before insert on entries for each row ${when} execute function poison()`,
    );
    return await work();
  } finally {
    await database.query('drop function if exists poison cascade');
    await database.end();
  }
}
