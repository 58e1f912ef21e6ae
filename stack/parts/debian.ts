import { existsSync, globSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { once, run } from '../download.ts';
import { onPath, type Settings } from '../settings.ts';
import type { Source } from './source.ts';

/**
 * A Debian package unpacked without root and not installed; apt checks the archive's signature. Answers with the folder that holds
 * its `usr`. `needs` picks those of its dependencies that come along, the system has the others; `besides` are theirs; `without` are paths left out.
 */
export function debianSource(
  name: string,
  picked: { needs: RegExp; besides: string[]; without: string[] },
): Source {
  const folder = ({ parts }: Settings) => join(parts, `debian-${name}`);
  return {
    from: `Debian's package ${name}`,
    lacks: (settings) => (existsSync(folder(settings)) ? undefined : lacksApt(settings)),
    get: (settings) =>
      once(folder(settings), `${name} by apt`, (into) => unpack({ into, name, ...picked }, settings)),
  };
}

function lacksApt({ env }: Settings): string | undefined {
  const missing = ['apt-get', 'apt-cache', 'dpkg-deb'].find((tool) => !onPath(tool, env));
  return missing && `no ${missing}`;
}

type Package = { into: string; name: string; needs: RegExp; besides: string[]; without: string[] };

async function unpack({ into, name, needs, besides, without }: Package, { env }: Settings): Promise<void> {
  const at = { env: { ...env, LC_ALL: 'C' }, cwd: into };
  // Lists of its own: a machine's may be missing or old, and only root may renew them. As root apt would download as the
  // user _apt, who may not write here.
  const places = { 'Dir::State::Lists': join(into, 'lists'), 'Dir::Cache': join(into, 'cache') };
  for (const folder of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(into, folder), { recursive: true });
  const options = Object.entries({ ...places, 'APT::Sandbox::User': 'root' }).flatMap(([option, value]) => [
    '-o',
    `${option}=${value}`,
  ]);
  await run(['apt-get', ...options, 'update'], at);
  const depends = await run(
    ['apt-cache', ...options, 'depends', '--no-recommends', '--no-suggests', name],
    at,
  );
  const others = [...depends.matchAll(/^ +Depends: (\S+)$/gm)].map(([, other = '']) => other);
  await run(
    ['apt-get', ...options, 'download', name, ...besides, ...others.filter((other) => needs.test(other))],
    at,
  );
  for (const archive of globSync('*.deb', { cwd: into })) {
    await run(['dpkg-deb', '-x', archive, '.'], at);
    await run(['rm', archive], at);
  }
  await run(['rm', '-rf', 'lists', 'cache', ...without], at);
}
