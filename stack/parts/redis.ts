import { chmodSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { once, run, verify } from '../download.ts';
import { partPorts } from '../ports.ts';
import { onPath, type Settings, systemEnvironment } from '../settings.ts';
import { type ProcessSpec, runFile, writeWhole } from '../table.ts';
import { answerOf, majorIn, obtain, type Source } from './source.ts';

const OLDEST_MAJOR = 7; // SET with NX and GET together
const VERSION = '7.0.15';
// A library for tests in Java: its jar has the servers of four platforms, linked statically, and nothing else of it is used.
const ARTIFACT = 'org.signal:embedded-redis:0.9.1';
const UNPACK = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack';
const SHA256: Record<string, string> = {
  'linux-x64': 'c0cdeef856b3410fd99d6ec6fc6a20302e69059b00ce5d6abab7b3e5069ea91e',
  'linux-arm64': 'd5c7ff117caf45d7dc2f59c1f956e1830438779947d66aa5647c2cdcc16eca50',
  'darwin-x64': 'e22a3d9147802bba0724efb2e446c49e1e514e76ff8031bb6d44b8628400d8f3',
  'darwin-arm64': '07838a2eb6f5961c89d8e6f1f83482de355dfc6bb04e05bfb00ae1f137dee129',
};
const PLATFORM = `${process.platform}-${process.arch}`;

export const redisSources: Source[] = [
  {
    from: `Maven ${ARTIFACT}`,
    lacks: (settings) => {
      if (SHA256[PLATFORM] === undefined) return `it has no server for ${PLATFORM}`;
      return existsSync(unpacked(settings)) || onPath('mvn', settings.env) ? undefined : 'no mvn';
    },
    get: async (settings) => {
      const fill = (into: string) => unpack(into, settings);
      await once(join(unpacked(settings), '..'), `Redis ${VERSION} by Maven`, fill);
      return unpacked(settings);
    },
  },
  {
    from: 'PATH',
    lacks: (settings) =>
      installed(settings) ? undefined : `no redis-server of Redis ${OLDEST_MAJOR} or newer`,
    get: async (settings) => installed(settings) ?? '',
  },
];

export async function prepareRedis(settings: Settings): Promise<ProcessSpec> {
  const server = await obtain('Redis', redisSources, settings);
  const data = join(settings.home, 'data', 'redis');
  mkdirSync(data, { recursive: true });
  const { REDIS_PORT } = settings.ports;
  const password = settings.env.REDIS_PASSWORD ?? '';
  // What stands on a command line everybody on the machine can read.
  const secrets = runFile(settings.home, 'redis.conf');
  writeWhole(secrets, password === '' ? '' : `requirepass ${JSON.stringify(password)}\n`);
  return {
    name: 'redis',
    roles: [],
    command: [server, secrets, ...redisOptions({ port: REDIS_PORT, folder: data })],
    env: systemEnvironment(settings.env),
    cwd: settings.home,
    ports: partPorts('redis', settings),
    ready: { kind: 'redis', port: REDIS_PORT, password },
    stop: { stage: 'redis', signal: 'SIGTERM', withinMs: 15_000 },
    contents: '',
  };
}

/** The words after the program's name, and after its file of settings if any. */
export function redisOptions({ port, folder }: { port: number; folder: string }) {
  const options = {
    '--bind': '127.0.0.1',
    '--port': String(port),
    '--dir': folder,
    // A mark that was acknowledged outlives the server.
    '--appendonly': 'yes',
    '--save': '',
  };
  return Object.entries(options).flat();
}

const unpacked = ({ parts }: Settings) => join(parts, `redis-${VERSION}`, 'redis-server');

async function unpack(into: string, { env }: Settings): Promise<void> {
  const name = `redis-server-${VERSION}-${PLATFORM.replace('x64', 'amd64')}`;
  const what = [`-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${into}`, `-Dmdep.unpack.includes=${name}`];
  await run(['mvn', '--batch-mode', '--quiet', '-C', ...what, UNPACK], { env, cwd: into });
  const server = join(into, 'redis-server');
  renameSync(join(into, name), server);
  await verify(server, SHA256[PLATFORM] ?? 'nothing', 'sha256');
  chmodSync(server, 0o755);
}

function installed(settings: Settings): string | undefined {
  const server = onPath('redis-server', settings.env);
  const version = server && answerOf([server, '--version'], settings)?.match(/v=(\S+)/)?.[1];
  return majorIn(version) >= OLDEST_MAJOR ? server : undefined;
}
