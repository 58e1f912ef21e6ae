import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Client } from 'pg';
import { migrateDown, migrateUp, migrationVersion } from '../../src/store/migrate.ts';
import { readMigrations } from '../../src/store/migration-files.ts';
import { emptyDatabase, migrations, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { golangMigrate } from '../support/golang-migrate.ts';
import { describeWith, needsTool } from '../support/tools.ts';

const versions = (await readMigrations(migrations)).map(({ version }) => version);
const newest = versions.at(-1) ?? 0;

describeWith('golang-migrate’s own command', await needsTool(golangMigrate), (cli) => {
  const resources = new AsyncDisposableStack();
  let database: TestDatabase;

  beforeEach(async () => {
    database = resources.use(await emptyDatabase());
  });
  afterAll(() => resources.disposeAsync());

  const ours = () => ({ databaseUrl: database.url, directory: migrations });

  async function theirs(...words: string[]): Promise<{ code: number; output: string }> {
    const child = spawn(cli, ['-path', migrations, '-database', `${database.url}?sslmode=disable`, ...words]);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        output += text;
      });
    const [code] = await once(child, 'close');
    return { code, output: output.trim() };
  }

  const tables = () =>
    database.rows(
      `select table_name from information_schema.tables where table_schema = 'public' order by table_name`,
    );

  test('takes over where ours stopped: version, down and up', async () => {
    await migrateUp(ours());
    const made = await tables();
    expect(await theirs('version')).toEqual({ code: 0, output: String(newest) });
    expect(await theirs('up')).toMatchObject({ code: 0, output: 'no change' });
    expect(await theirs('down', String(versions.length - 1))).toMatchObject({ code: 0 });
    expect(await migrationVersion(ours())).toEqual({ version: 1, dirty: false });
    expect(await migrateUp(ours())).toEqual(versions.slice(1));
    expect(await tables()).toEqual(made);
  });

  test('hands over to ours: what it applied ours finds applied and can take back', async () => {
    expect(await theirs('up', '2')).toMatchObject({ code: 0 });
    expect(await migrationVersion(ours())).toEqual({ version: 2, dirty: false });
    expect(await migrateUp(ours())).toEqual(versions.slice(2));
    expect(await migrateDown(ours(), versions.length)).toEqual(versions.toReversed());
    expect(await theirs('version')).toMatchObject({ output: expect.stringContaining('no migration') });
    expect(await theirs('up')).toMatchObject({ code: 0 });
    expect(await migrationVersion(ours())).toEqual({ version: newest, dirty: false });
  });

  test('is the way out of a dirty schema that ours names', async () => {
    await migrateUp(ours());
    await database.rows('update schema_migrations set dirty = true');
    expect((await theirs('up')).output).toContain(`Dirty database version ${newest}`);
    await expect(migrateUp(ours())).rejects.toThrow('force <version>');
    expect(await theirs('force', String(newest))).toMatchObject({ code: 0 });
    expect(await migrateUp(ours())).toEqual([]);
  });

  test('waits while ours holds the lock, and ours while it does', async () => {
    // Ours stands still in the middle: what its first migration wants to make is being made by somebody else.
    const blocker = new Client({ connectionString: database.url });
    await blocker.connect();
    await blocker.query('begin; create table orders ()');
    const first = migrateUp(ours());
    await eventually(() => waiting({ locktype: 'transactionid', sessions: 1 }), 5_000);
    const second = theirs('up');
    await eventually(() => waiting({ locktype: 'advisory', sessions: 1 }), 5_000);
    const third = migrateUp(ours());
    await eventually(() => waiting({ locktype: 'advisory', sessions: 2 }), 5_000);
    await blocker.end();
    expect(await first).toEqual(versions);
    expect(await second).toEqual({ code: 0, output: 'no change' });
    expect(await third).toEqual([]);
  });

  async function waiting({ locktype, sessions }: { locktype: string; sessions: number }): Promise<void> {
    const rows = await database.rows(
      `select from pg_locks where not granted and locktype = $1
       and pid in (select pid from pg_stat_activity where datname = current_database())`,
      [locktype],
    );
    expect(rows).toHaveLength(sessions);
  }
});
