import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDown, migrateUp, migrationVersion } from '../../src/store/migrate.ts';
import { createMigration, MigrationError, readMigrations } from '../../src/store/migration-files.ts';
import { emptyDatabase, migrations, type TestDatabase } from '../support/database.ts';
import { runProgram } from '../support/program.ts';

const versions = (await readMigrations(migrations)).map(({ version }) => version);
const resources = new AsyncDisposableStack();
let database: TestDatabase;
let directory: string;

beforeEach(async () => {
  database = resources.use(await emptyDatabase());
  const made = mkdtempSync(join(tmpdir(), 'migrations-'));
  resources.defer(() => rmSync(made, { recursive: true }));
  directory = made;
});
afterAll(() => resources.disposeAsync());

function write(name: string, up: string, down: string): void {
  writeFileSync(join(directory, `${name}.up.sql`), up);
  writeFileSync(join(directory, `${name}.down.sql`), down);
}

function writeTwo(): void {
  write('000001_one', 'create table one (id int);', 'drop table one;');
  write('000002_two', 'create table two (id int);', 'drop table two;');
}

const migrator = () => ({ databaseUrl: database.url, directory });
const program = (...words: string[]) => runProgram(['migrate', ...words], { DATABASE_URL: database.url });

async function tables(): Promise<string[]> {
  const rows = await database.rows<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
  );
  return rows.map(({ name }) => name).filter((name) => name !== 'schema_migrations');
}

test('up applies what is missing, in order, and a second time nothing', async () => {
  writeTwo();
  expect(await migrateUp(migrator())).toEqual([1, 2]);
  expect(await tables()).toEqual(['one', 'two']);
  write('000003_three', 'create table three (id int);', 'drop table three;');
  expect(await migrateUp(migrator())).toEqual([3]);
  expect(await migrateUp(migrator())).toEqual([]);
  expect(await migrationVersion(migrator())).toEqual({ version: 3, dirty: false });
});

test('down takes the newest back, as many as told, and then there is nothing left', async () => {
  writeTwo();
  await migrateUp(migrator());
  expect(await migrateDown(migrator(), 1)).toEqual([2]);
  expect(await migrationVersion(migrator())).toEqual({ version: 1, dirty: false });
  expect(await migrateDown(migrator(), 5)).toEqual([1]);
  expect(await tables()).toEqual([]);
  expect(await migrationVersion(migrator())).toEqual({ version: null, dirty: false });
  expect(await migrateDown(migrator(), 1)).toEqual([]);
});

test('a migration that fails undoes its file, marks the schema dirty and stops there', async () => {
  writeTwo();
  write('000003_bad', 'create table three (id int); select nonsense;', '');
  write('000004_later', 'create table four (id int);', 'drop table four;');
  await expect(migrateUp(migrator())).rejects.toThrow(/Migration 3 failed: .*nonsense/);
  expect(await tables()).toEqual(['one', 'two']);
  expect(await migrationVersion(migrator())).toEqual({ version: 3, dirty: true });
});

test.each(['up', 'down'])('a dirty schema refuses %s and names the way out', async (direction) => {
  writeTwo();
  await migrateUp(migrator());
  await database.rows('update schema_migrations set dirty = true');
  const attempt = direction === 'up' ? migrateUp(migrator()) : migrateDown(migrator(), 1);
  await expect(attempt).rejects.toThrow(/Migration 2 failed half-way.*force <version>/s);
  expect(await tables()).toEqual(['one', 'two']);
});

test('create writes an empty pair with the next number, and refuses a name that is no file name', async () => {
  writeTwo();
  const paths = await createMigration(directory, 'add_column_to_one');
  expect(paths.map((path) => path.replace(`${directory}/`, ''))).toEqual([
    '000003_add_column_to_one.up.sql',
    '000003_add_column_to_one.down.sql',
  ]);
  await expect(createMigration(directory, '../Evil name')).rejects.toBeInstanceOf(MigrationError);
  expect(readdirSync(directory)).toHaveLength(6);
});

test('the product’s own migrations go up, all the way down and up again', async () => {
  const own = { databaseUrl: database.url, directory: migrations };
  expect(await migrateUp(own)).toEqual(versions);
  expect(await tables()).toEqual([
    'accounts',
    'circuit_breakers',
    'dead_letters',
    'entries',
    'failed_attempts',
    'idempotency_keys',
    'known_schemas',
    'notifications',
    'notified_events',
    'orders',
    'outbox',
    'processed_events',
    'rate_limits',
    'reconciliation_facts',
    'reconciliations',
    'replays',
    'stuck_orders',
    'timeline',
    'transactions',
    'waiting_records',
  ]);
  expect(await migrateDown(own, versions.length)).toEqual(versions.toReversed());
  expect(await tables()).toEqual([]);
  expect(await migrateUp(own)).toEqual(versions);
});

test('four starters at once: one migrates, the others wait for it and find nothing to do', async () => {
  const all = await Promise.all(Array.from({ length: 4 }, () => program('up')));
  expect(all.map(({ code, stderr }) => [code, stderr])).toEqual(all.map(() => [0, '']));
  expect(all.map(({ stdout }) => stdout.trim()).sort()).toEqual([
    `applied: ${versions.join(', ')}`,
    ...Array.from({ length: 3 }, () => 'nothing to do'),
  ]);
});

test('the command says what it did, and a mistake in its words ends it with 1', async () => {
  const said = async (...words: string[]) => (await program(...words)).stdout.trim();
  expect(await said('version')).toBe('none');
  expect(await said('up')).toBe(`applied: ${versions.join(', ')}`);
  const allButOne = versions.slice(1).toReversed();
  expect(await said('down', String(allButOne.length))).toBe(`taken back: ${allButOne.join(', ')}`);
  expect(await said('version')).toBe('1');
  const refused = await Promise.all([program('sideways'), program('down', 'all')]);
  expect(refused.map(({ code }) => code)).toEqual([1, 1]);
  expect(refused.map(({ stderr }) => stderr.trim())).toEqual([
    'Usage: node src/main.ts migrate up | down [n] | version | create <name>',
    '"all" is no number of migrations; write how many to take back, such as 1.',
  ]);
});
