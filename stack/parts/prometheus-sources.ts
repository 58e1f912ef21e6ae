import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { once, run, verify } from '../download.ts';
import { onPath, type Settings } from '../settings.ts';
import { fetchFile, fetchText } from '../site.ts';
import { debianSource } from './debian.ts';
import { answerOf, type Source } from './source.ts';

const VERSION = '3.13.1'; // that of docker-compose.yml
const OLDEST = [2, 42] as const; // keep_firing_for
const MIRROR = 'PROMETHEUS_ARCHIVE_URL';

const debian = debianSource('prometheus', {
  needs: /^(libjs|fonts)-/, // what its pages load
  besides: ['libjs-d3'], // what those load
  // Of the 200 MB one file of 800 kB is used, and that lies beside them.
  without: ['usr/share/javascript/moment-timezone/data', 'usr/share/doc'],
});

/** Each answers with the folder of `prometheus` and `promtool`. */
export const prometheusSources: Source[] = [
  {
    from: 'PATH',
    lacks: (settings) =>
      installed(settings) ? undefined : `no prometheus ${OLDEST.join('.')} or newer with its promtool`,
    get: async (settings) => installed(settings) ?? '',
  },
  {
    ...debian,
    get: async (settings) => join(await debian.get(settings), 'usr', 'bin'),
  },
  {
    from: `the project's archive ${archiveName() ?? ''}`,
    lacks: () =>
      archiveName() === undefined ? `none for ${process.platform} on ${process.arch}` : undefined,
    get: (settings) =>
      once(join(settings.parts, `prometheus-${VERSION}`), `Prometheus ${VERSION}, official archive`, (into) =>
        unpackArchive(into, settings),
      ),
  },
];

function installed(settings: Settings): string | undefined {
  const server = onPath('prometheus', settings.env);
  if (server === undefined || onPath('promtool', settings.env) !== join(dirname(server), 'promtool'))
    return undefined;
  const [, major = 0, minor = 0] =
    answerOf([server, '--version'], settings)?.match(/version (\d+)\.(\d+)/) ?? [];
  const isNewEnough =
    Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]);
  return isNewEnough ? dirname(server) : undefined;
}

function archiveName(): string | undefined {
  const { [process.arch]: arch }: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };
  const isKnown = arch !== undefined && ['linux', 'darwin'].includes(process.platform);
  return isKnown ? `prometheus-${VERSION}.${process.platform}-${arch}.tar.gz` : undefined;
}

// Untried against the real site: the tests run it against a server on loopback.
async function unpackArchive(into: string, { env }: Settings): Promise<void> {
  const base = env[MIRROR] || `https://github.com/prometheus/prometheus/releases/download/v${VERSION}`;
  const name = archiveName() ?? '';
  const archive = join(into, name);
  const sums = await fetchText(`${base}/sha256sums.txt`, MIRROR);
  await fetchFile(`${base}/${name}`, archive, MIRROR);
  const [expected = 'nothing'] =
    sums
      .split('\n')
      .find((line) => line.endsWith(`  ${name}`))
      ?.split(' ') ?? [];
  await verify(archive, expected, 'sha256');
  await run(['tar', '-xzf', archive, '-C', into, '--strip-components=1'], { env });
  rmSync(archive);
}
