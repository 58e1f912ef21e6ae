import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const migrationsDirectory = fileURLToPath(new URL('../../migrations', import.meta.url));

export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code = 'migration_failed';
}

export interface Migration {
  readonly version: number;
  readonly up: string;
  readonly down: string;
}

/** All migrations, oldest first. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.up.sql')).sort();
  return Promise.all(
    files.map(async (file) => ({
      version: Number.parseInt(file, 10),
      up: await readFile(join(directory, file), 'utf8'),
      down: await readFile(join(directory, file.replace(/\.up\.sql$/, '.down.sql')), 'utf8'),
    })),
  );
}

/** Writes an empty pair of files with the next number; resolves to their paths. */
export async function createMigration(directory: string, title: string): Promise<string[]> {
  if (!/^[a-z][a-z0-9_]*$/.test(title))
    throw new MigrationError(`"${title}" is no migration name; write it like add_index_to_orders.`);
  const migrations = await readMigrations(directory);
  const next = String((migrations.at(-1)?.version ?? 0) + 1).padStart(6, '0');
  const paths = ['up', 'down'].map((direction) => join(directory, `${next}_${title}.${direction}.sql`));
  await Promise.all(paths.map((path) => writeFile(path, '', { flag: 'wx' })));
  return paths;
}
