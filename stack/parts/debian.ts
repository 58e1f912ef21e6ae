import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { once, run } from '../download.ts';
import { onPath, type Settings } from '../settings.ts';
import { answerOf, type Source } from './source.ts';

/**
 * A Debian package unpacked without root and not installed; apt checks the archive's signature. Answers with the folder that holds
 * its `usr`. `needs` picks those of its dependencies that come along, the system has the others; `without` are paths left out.
 */
export function debianSource(name: string, picked: { needs: RegExp; without: string[] }): Source {
  const folder = ({ parts }: Settings) => join(parts, `debian-${name}`);
  return {
    from: `Debian's package ${name}`,
    lacks: (settings) => (existsSync(folder(settings)) ? undefined : lacksApt(name, settings)),
    get: (settings) =>
      once(folder(settings), `${name} by apt`, (into) => unpack({ into, name, ...picked }, settings)),
  };
}

function lacksApt(name: string, settings: Settings): string | undefined {
  for (const tool of ['apt-get', 'dpkg-deb']) if (!onPath(tool, settings.env)) return `no ${tool}`;
  return answerOf(['apt-cache', 'show', name], settings)
    ? undefined
    : `apt knows no package ${name}; \`sudo apt-get update\` gets its lists`;
}

type Package = { into: string; name: string; needs: RegExp; without: string[] };

async function unpack({ into, name, needs, without }: Package, { env }: Settings): Promise<void> {
  const at = { env: { ...env, LC_ALL: 'C' }, cwd: into };
  const depends = await run(['apt-cache', 'depends', '--no-recommends', '--no-suggests', name], at);
  const others = [...depends.matchAll(/^ +Depends: (\S+)$/gm)].map(([, other = '']) => other);
  // As root apt would download as the user _apt, who may not write here.
  const apt = ['apt-get', '-o', 'APT::Sandbox::User=root', 'download'];
  await run([...apt, name, ...others.filter((other) => needs.test(other))], at);
  for (const archive of globSync('*.deb', { cwd: into })) {
    await run(['dpkg-deb', '-x', archive, '.'], at);
    await run(['rm', archive], at);
  }
  await run(['rm', '-rf', ...without], at);
}
