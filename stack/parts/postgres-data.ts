import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once, run } from '../download.ts';
import type { Settings } from '../settings.ts';
import type { Place } from './postgres-place.ts';

type Request = Place & { database: Settings['database']; env: Record<string, string> };

/** Makes the data folder with its user and database; half of one never stands in its place. */
export async function initialise({ binaries, data, user, database, env }: Request): Promise<void> {
  await once(data, 'a new PostgreSQL database', async (into) => {
    if (user) chownSync(into, user.uid, user.gid);
    const options = { env, cwd: into, ...(user && { user }) };
    const initdb = [join(binaries, 'initdb'), '-D', into, '-U', database.user];
    await run([...initdb, '--encoding=UTF8', '--locale=C', '--auth=trust'], options);
    // In single-user mode, because initdb takes a password only from a file, which a kill would leave behind.
    const statements = [
      `alter role current_user password '${database.password.replaceAll("'", "''")}'`,
      `create database "${database.name.replaceAll('"', '""')}"`,
    ];
    const single = [join(binaries, 'postgres'), '--single', '-j', '-D', into, 'postgres'];
    await run(single, { ...options, input: `${statements.join(';\n\n')};\n\n` });
    writeFileSync(join(into, 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n');
  });
}
