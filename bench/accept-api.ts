import { spawn } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { migrateUp } from '../src/store/migrate.ts';
import { migrationsDirectory } from '../src/store/migration-files.ts';
import { freePorts } from '../stack/ports.ts';
import { MAIN } from '../stack/settings.ts';
import { eventually } from '../tests/support/eventually.ts';
import type { System } from './system.ts';

/** An api process with a database of its own that no relay reads: what it takes on stays there, and accepting is all that happens. */
export interface AcceptApi extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly database: Database;
  readonly env: Readonly<Record<string, string>>;
  /** After a block: as many orders, keys and outbox rows as were accepted; then the tables are emptied. */
  check(accepted: number): Promise<void>;
}

const startMs = 30_000;

export async function openAcceptApi(system: System, name = 'bench_accept'): Promise<AcceptApi> {
  await using opened = new AsyncDisposableStack();
  const database = await openDatabase(system, name);
  opened.defer(() => database.end());
  const { API_PORT = 0, METRICS_PORT = 0 } = await freePorts();
  const url = `http://127.0.0.1:${API_PORT}`;
  const env = {
    ...system.env,
    DATABASE_URL: database.url,
    API_PORT: String(API_PORT),
    METRICS_PORT: String(METRICS_PORT),
    // Nothing is sent or finished here: the door would close in the middle of a block.
    OUTBOX_MAX_BACKLOG: '10000000',
    ORDERS_MAX_OPEN: '10000000',
    API_URL: url,
  };
  const child = spawn(process.execPath, [MAIN, 'api'], { env: { ...process.env, ...env }, stdio: 'ignore' });
  opened.defer(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  });
  await eventually(async () => {
    const { status } = await fetch(`${url}/readyz`);
    if (status !== 200) throw new Error(`${url}/readyz answers ${status}`);
  }, startMs);
  const resources = opened.move();
  return {
    pid: child.pid ?? 0,
    url,
    database,
    env,
    check: async (accepted) => {
      const [found] = await database.rows(`
        select
          (select count(*)::int4 from orders) as orders,
          (select count(*)::int4 from idempotency_keys) as keys,
          (select count(*)::int4 from outbox) as outbox`);
      if (JSON.stringify(found) !== JSON.stringify({ orders: accepted, keys: accepted, outbox: accepted }))
        throw new Error(`${accepted} were accepted and ${JSON.stringify(found)} found; the run is void`);
      // What the api counts once a second would grow from block to block.
      await database.rows('truncate orders, idempotency_keys, outbox');
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

export interface Database {
  readonly url: string;
  rows<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  end(): Promise<void>;
}

/** A migrated database beside the system's own, in the same Postgres. */
export async function openDatabase(system: System, name: string): Promise<Database> {
  await system.rows(`create database ${name}`);
  const address = new URL(system.env.DATABASE_URL ?? '');
  address.pathname = `/${name}`;
  await migrateUp({ databaseUrl: address.href, directory: migrationsDirectory });
  const client = new pg.Client({ connectionString: address.href });
  await client.connect();
  return {
    url: address.href,
    rows: async (text, values = []) => (await client.query(text, [...values])).rows,
    end: () => client.end(),
  };
}
