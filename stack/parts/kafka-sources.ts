import { globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { once, run, verify } from '../download.ts';
import { onPath, type Settings } from '../settings.ts';
import { fetchFile, fetchText } from '../site.ts';
import { lacksJava } from './java.ts';
import type { Source } from './source.ts';

const VERSION = '4.1.2';
const OLDEST_MAJOR = 4;
const POM = join(import.meta.dirname, 'kafka-pom.xml');
const JARS = join(import.meta.dirname, 'kafka-jars.sha256');
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const ARCHIVE = `kafka_2.13-${VERSION}`;
const MIRROR = 'KAFKA_ARCHIVE_URL';

export const kafkaSources: Source[] = [
  {
    from: `Maven org.apache.kafka:kafka_2.13:${VERSION}`,
    lacks: (settings) =>
      lacksJava(settings) ?? (hasJars(settings) || onPath('mvn', settings.env) ? undefined : 'no mvn'),
    get: (settings) =>
      once(jarFolder(settings), `Apache Kafka ${VERSION} by Maven`, (into) => copyJars(into, settings)),
  },
  {
    from: 'PATH',
    lacks: (settings) =>
      lacksJava(settings) ??
      (installed(settings) ? undefined : `no kafka-server-start.sh of Kafka ${OLDEST_MAJOR}`),
    get: async (settings) => installed(settings) ?? '',
  },
  {
    from: `the project's archive ${ARCHIVE}.tgz`,
    lacks: lacksJava,
    get: (settings) =>
      once(jarFolder(settings), `Apache Kafka ${VERSION}, official archive`, (into) =>
        unpackArchive(into, settings),
      ),
  },
];

const jarFolder = ({ parts }: Settings) => join(parts, `kafka-${VERSION}`);

function hasJars(settings: Settings): boolean {
  return globSync(join(jarFolder(settings), `kafka_2.13-${VERSION}.jar`)).length > 0;
}

async function copyJars(into: string, { env }: Settings): Promise<void> {
  // -C: a jar that differs from the registry's checksum fails; the list beside the pom then pins every jar's content.
  const options = [
    '--batch-mode',
    '--quiet',
    '-C',
    '-f',
    POM,
    '-DincludeScope=runtime',
    `-DoutputDirectory=${into}`,
  ];
  await run(['mvn', ...options, COPY], { env });
  await verifyAll(into, readFileSync(JARS, 'utf8'));
}

/** `list` is what sha256sum prints: every listed file is there with its sum, and no other file. */
export async function verifyAll(folder: string, list: string): Promise<void> {
  const pinned = new Map(
    list
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/).reverse() as [string, string]),
  ); // two columns
  for (const name of readdirSync(folder))
    await verify(join(folder, name), pinned.get(name) ?? 'nothing', 'sha256');
  const missing = [...pinned.keys()].filter((name) => !readdirSync(folder).includes(name));
  if (missing.length > 0) throw new Error(`${folder} lacks ${missing.join(', ')}; run the command again`);
}

function installed(settings: Settings): string | undefined {
  const start = onPath('kafka-server-start.sh', settings.env);
  const [jar] = start ? globSync(join(dirname(start), '..', 'libs', 'kafka_2.13-*.jar')) : [];
  const major = Number(jar?.match(/kafka_2\.13-(\d+)/)?.[1] ?? 0);
  return jar && major >= OLDEST_MAJOR ? dirname(jar) : undefined;
}

// Untried against the real site: the tests run it against a server on loopback.
async function unpackArchive(into: string, { env }: Settings): Promise<void> {
  const base = env[MIRROR] || `https://downloads.apache.org/kafka/${VERSION}`;
  const archive = join(into, `${ARCHIVE}.tgz`);
  const sums = await fetchText(`${base}/${ARCHIVE}.tgz.sha512`, MIRROR);
  await fetchFile(`${base}/${ARCHIVE}.tgz`, archive, MIRROR);
  // "name: 0A1B… C2D3…" over several lines, as gpg prints it
  const expected = sums
    .slice(sums.indexOf(':') + 1)
    .replaceAll(/\s/g, '')
    .toLowerCase();
  await verify(archive, expected, 'sha512');
  mkdirSync(join(into, 'all'));
  await run(['tar', '-xzf', archive, '-C', join(into, 'all'), '--strip-components=1'], { env });
  const libs = join(into, 'all', 'libs');
  for (const jar of readdirSync(libs)) renameSync(join(libs, jar), join(into, jar));
  rmSync(join(into, 'all'), { recursive: true });
  rmSync(archive);
}
