import { crc32 } from 'node:zlib';
import { Client } from 'pg';
import { MigrationError, readMigrations } from './migration-files.ts';

/** golang-migrate's files and table, so that its `migrate` command and this runner are interchangeable on one database. */
export interface Migrator {
  readonly databaseUrl: string;
  readonly directory: string;
}

interface Version {
  /** null before the first migration. */
  readonly version: number | null;
  readonly dirty: boolean;
}

/** Applies what is missing, in order; resolves to the versions it applied. */
export function migrateUp(migrator: Migrator): Promise<number[]> {
  return locked(migrator, async (client) => {
    const { version: current } = await cleanVersion(client);
    const pending = (await readMigrations(migrator.directory)).filter(
      ({ version }) => version > (current ?? 0),
    );
    for (const { version, up } of pending) await apply(client, up, { during: version, after: version });
    return pending.map(({ version }) => version);
  });
}

/** Takes the newest `count` migrations back; resolves to the versions it took back. */
export function migrateDown(migrator: Migrator, count: number): Promise<number[]> {
  return locked(migrator, async (client) => {
    const { version: current } = await cleanVersion(client);
    const migrations = await readMigrations(migrator.directory);
    const applied = migrations.filter(({ version }) => version <= (current ?? 0)).reverse();
    const undone = applied.slice(0, count);
    for (const [at, { version, down }] of undone.entries()) {
      await apply(client, down, { during: version, after: applied[at + 1]?.version ?? null });
    }
    return undone.map(({ version }) => version);
  });
}

export function migrationVersion(migrator: Migrator): Promise<Version> {
  return locked(migrator, readVersion);
}

/** Throws unless every migration is applied: statements written for a newer schema would fail one by one. Changes nothing. */
export function assertMigrated(migrator: Migrator): Promise<void> {
  return connected(migrator, async (client) => {
    const { rows } = await client.query<{ table: string | null }>(
      `select to_regclass('schema_migrations') as table`,
    );
    const { version } = rows[0]?.table == null ? { version: null } : await cleanVersion(client);
    const newest = (await readMigrations(migrator.directory)).at(-1)?.version ?? 0;
    if ((version ?? 0) >= newest) return;
    throw new MigrationError(
      `The schema is at migration ${version ?? 'none'}, this program needs ${newest}; run \`make migrate-up\`, or set AUTO_MIGRATE=true.`,
    );
  });
}

function locked<T>(migrator: Migrator, work: (client: Client) => Promise<T>): Promise<T> {
  return connected(migrator, async (client) => {
    // The lock belongs to the session and goes with it.
    await client.query('select pg_advisory_lock($1)', [lockId(client.database ?? '')]);
    await client.query(
      'create table if not exists schema_migrations (version bigint not null primary key, dirty boolean not null)',
    );
    return work(client);
  });
}

async function connected<T>({ databaseUrl }: Migrator, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

// The very lock that golang-migrate takes (database/util.go of v4): a starter of either kind waits for the other.
// Its command calls the database by the path of its URL, slash included.
function lockId(database: string): number {
  const name = ['public', 'schema_migrations', `/${database}`].join('\0');
  return Math.imul(crc32(name), 1_486_364_155) >>> 0;
}

async function readVersion(client: Client): Promise<Version> {
  const { rows } = await client.query<{ version: string; dirty: boolean }>(
    'select version, dirty from schema_migrations',
  );
  const [row] = rows;
  return row === undefined
    ? { version: null, dirty: false }
    : { version: Number(row.version), dirty: row.dirty };
}

async function cleanVersion(client: Client): Promise<Version> {
  const current = await readVersion(client);
  if (current.dirty) {
    throw new MigrationError(
      `Migration ${current.version} failed half-way and the schema is marked dirty. Mend the schema by hand, then say where it stands: ` +
        `migrate -path migrations -database "$DATABASE_URL" force <version>  (or: update schema_migrations set version = …, dirty = false).`,
    );
  }
  return current;
}

async function apply(
  client: Client,
  statements: string,
  { during, after }: { during: number; after: number | null },
): Promise<void> {
  await setVersion(client, { version: during, dirty: true });
  try {
    // One simple query: Postgres runs a file without its own begin/commit as one transaction.
    await client.query(statements);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MigrationError(
      `Migration ${during} failed: ${reason}. Correct the file; the schema is marked dirty until you force a version.`,
      { cause },
    );
  }
  await setVersion(client, { version: after, dirty: false });
}

async function setVersion(client: Client, { version, dirty }: Version): Promise<void> {
  await client.query('begin');
  await client.query('truncate schema_migrations');
  if (version !== null)
    await client.query('insert into schema_migrations (version, dirty) values ($1, $2)', [version, dirty]);
  await client.query('commit');
}
