import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { migrateUp } from '../../src/store/migrate.ts';
import { createPool, type Pool } from '../../src/store/pool.ts';
import { parts } from './parts.ts';

export const migrations = fileURLToPath(new URL('../../migrations', import.meta.url));

/** A connection of the test's own, to look with. */
interface Connected extends AsyncDisposable {
  rows<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface TestDatabase extends Connected {
  readonly url: string;
  /** One more, for a transaction that stays open beside the rest. */
  another(): Promise<Connected>;
}

/** A database of its own with today's tables: a copy of one that was migrated once. */
export function freshDatabase(): Promise<TestDatabase> {
  return database((admin) => templateOf(admin));
}

/** For all tests of the file that calls it: a database with its pool, gone after the last of them. */
export async function databaseOfFile(): Promise<{ database: TestDatabase; pool: Pool }> {
  const resources = new AsyncDisposableStack();
  const database = resources.use(await freshDatabase());
  const pool = resources.use(await poolOf(database.url));
  afterAll(() => resources.disposeAsync());
  return { database, pool };
}

/** A database without any table. */
export function emptyDatabase(): Promise<TestDatabase> {
  return database(async () => 'template0');
}

export function poolOf(url: string): Promise<Pool> {
  return createPool({ url, maxConnections: 25, maxIdleConnections: 5, maxConnectionAgeMs: 300_000 });
}

async function database(template: (admin: Client) => Promise<string>): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(async (admin) => {
    // Two test files at once make one template, and a template must have no other session while it is copied.
    await admin.query('select pg_advisory_lock(71)');
    await admin.query(`create database ${name} template ${await template(admin)}`);
  });
  const url = addressOf(name);
  const own = await connect(url);
  return {
    url,
    rows: own.rows,
    another: () => connect(url),
    async [Symbol.asyncDispose]() {
      await own[Symbol.asyncDispose]();
      await asAdmin((admin) => admin.query(`drop database ${name} with (force)`));
    },
  };
}

async function connect(url: string): Promise<Connected> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return {
    rows: async (text, values = []) => (await client.query(text, [...values])).rows,
    [Symbol.asyncDispose]: () => client.end(),
  };
}

async function templateOf(admin: Client): Promise<string> {
  const name = `template_${fingerprint()}`;
  const { rowCount } = await admin.query('select from pg_database where datname = $1', [name]);
  if (rowCount === 1) return name;
  const unfinished = `${name}_part`;
  await admin.query(`drop database if exists ${unfinished} with (force)`);
  await admin.query(`create database ${unfinished}`);
  await migrateUp({ databaseUrl: addressOf(unfinished), directory: migrations });
  await admin.query(`alter database ${unfinished} rename to ${name}`);
  return name;
}

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(migrations).sort()) hash.update(readFileSync(`${migrations}/${file}`));
  return hash.digest('hex').slice(0, 12);
}

async function asAdmin(work: (admin: Client) => Promise<unknown>): Promise<void> {
  const admin = new Client({ connectionString: parts().databaseUrl });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

function addressOf(name: string): string {
  const url = new URL(parts().databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}
