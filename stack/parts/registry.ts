import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { once, run, verify } from '../download.ts';
import { partPorts } from '../ports.ts';
import { onPath, type Settings, systemEnvironment } from '../settings.ts';
import type { ProcessSpec } from '../table.ts';
import { java, lacksJava } from './java.ts';
import { obtain, type Source } from './source.ts';

// The newest line that Java 17 runs.
const VERSION = '3.0.9';
const ARCHIVE = `apicurio-registry-app-${VERSION}-all.tar.gz`;
const SHA256 = '2b28181501a20cbf6efcd77f9b7153908fc01f3d3a7c32024c0bd9e1b04c8a43';
// Not a newer one: that reads the archive's pom too, whose parent was never published.
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:2.10:copy';

export const registrySources: Source[] = [
  {
    from: `Maven io.apicurio:apicurio-registry-app:${VERSION}`,
    lacks: (settings) =>
      lacksJava(settings) ??
      (existsSync(folder(settings)) || onPath('mvn', settings.env) ? undefined : 'no mvn'),
    get: (settings) =>
      once(folder(settings), `Apicurio Registry ${VERSION} by Maven`, (into) => unpack(into, settings)),
  },
];

const folder = ({ parts }: Settings) => join(parts, `apicurio-${VERSION}`);

async function unpack(into: string, { env }: Settings): Promise<void> {
  const artifact = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`;
  const options = ['--batch-mode', '--quiet', '-C', `-Dartifact=${artifact}`, `-DoutputDirectory=${into}`];
  // Where there is no pom, Maven takes its folder for a project.
  await run(['mvn', ...options, COPY], { env, cwd: into });
  const archive = join(into, ARCHIVE);
  await verify(archive, SHA256, 'sha256');
  await run(['tar', '-xzf', archive, '-C', into], { env });
  await run(['rm', archive], { env });
}

export async function prepareRegistry(settings: Settings): Promise<ProcessSpec> {
  const program = await obtain('Apicurio Registry', registrySources, settings);
  const data = join(settings.home, 'data', 'registry');
  mkdirSync(data, { recursive: true });
  const port = settings.ports.SCHEMA_REGISTRY_PORT;
  return {
    name: 'registry',
    roles: [],
    command: [
      java(settings),
      ...[
        '-Xms64m',
        '-Xmx256m',
        '-XX:+ExitOnOutOfMemoryError',
        '-XX:TieredStopAtLevel=1',
        '-XX:+UseSerialGC',
      ],
      ...['-jar', join(program, `apicurio-registry-app-${VERSION}-runner.jar`)],
    ],
    env: {
      ...systemEnvironment(settings.env),
      QUARKUS_HTTP_HOST: '127.0.0.1',
      QUARKUS_HTTP_PORT: String(port),
      QUARKUS_LOG_LEVEL: 'WARN',
      QUARKUS_LOG_CATEGORY__IO_APICURIO__LEVEL: 'WARN',
      QUARKUS_HTTP_ACCESS_LOG_ENABLED: 'false',
      APICURIO_STORAGE_KIND: 'sql',
      APICURIO_STORAGE_SQL_KIND: 'h2',
      // Its own default is in memory, and its delay of half a second would forget ids that records carry already.
      APICURIO_DATASOURCE_URL: `jdbc:h2:file:${join(data, 'registry')};WRITE_DELAY=0`,
    },
    cwd: settings.home,
    ports: partPorts('registry', settings),
    ready: { kind: 'http', url: `${registryUrl(settings)}/subjects` },
    stop: { stage: 'kafka', signal: 'SIGTERM', withinMs: 15_000 },
    contents: '',
  };
}

/** Where its Confluent API is. */
export function registryUrl({ ports }: Pick<Settings, 'ports'>): string {
  return `http://127.0.0.1:${ports.SCHEMA_REGISTRY_PORT}/apis/ccompat/v7`;
}
