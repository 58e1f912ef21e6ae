import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { once } from '../download.ts';
import { CHECKOUT, type Settings } from '../settings.ts';

type User = { uid: number; gid: number };
export type Place = { binaries: string; data: string; user: User | undefined };

const OUTSIDE = '/var/lib/tbd';

/** Postgres refuses to run as root: then it runs as another user, in folders that user can reach. */
export async function placeFor(settings: Settings, binaries: string): Promise<Place> {
  const version = execFileSync(join(binaries, 'postgres'), ['--version'], { encoding: 'utf8' }).match(
    /\d+/,
  )?.[0];
  const data = join(settings.home, 'data');
  mkdirSync(data, { recursive: true });
  if (process.getuid?.() !== 0) return { binaries, data: join(data, `postgres-${version}`), user: undefined };
  const user = unprivilegedUser();
  if (reaches(user, data, binaries)) return { binaries, data: join(data, `postgres-${version}`), user };

  const folder = outsideFolder(settings.home);
  mkdirSync(folder, { recursive: true });
  const copy = await once(
    join(OUTSIDE, `binaries-${digest(CHECKOUT + binaries)}`),
    'PostgreSQL, where its user can reach it',
    async (into) => cpSync(join(binaries, '..'), into, { recursive: true, verbatimSymlinks: true }),
  );
  return { binaries: join(copy, 'bin'), data: join(folder, `postgres-${version}`), user };
}

/** Where the data of this home lies when its own folder cannot be reached. */
export function outsideFolder(home: string): string {
  return join(OUTSIDE, digest(home));
}

function reaches(user: User, folder: string, binaries: string): boolean {
  const script = 'cd "$1" && exec "$2" --version';
  const args = ['-c', script, 'sh', folder, join(binaries, 'postgres')];
  return spawnSync('/bin/sh', args, { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

function unprivilegedUser(): User {
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
    if (uid?.status === 0 && gid?.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error(
    'PostgreSQL does not run as root and there is no user postgres or nobody; run `useradd postgres`',
  );
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
