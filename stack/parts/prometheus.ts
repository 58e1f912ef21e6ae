import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { partPorts } from '../ports.ts';
import { CHECKOUT, type Settings, systemEnvironment } from '../settings.ts';
import { type ProcessSpec, runFile, writeWhole } from '../table.ts';
import { targetsFile } from '../targets.ts';
import { prometheusSources } from './prometheus-sources.ts';
import { obtain } from './source.ts';

const CONFIG = join(CHECKOUT, 'deploy', 'prometheus', 'prometheus.yml');
const RULES = join(CHECKOUT, 'deploy', 'prometheus', 'rules', '*.yml');
const RETENTION = '2d';

export async function preparePrometheus(settings: Settings): Promise<ProcessSpec> {
  const { home, parts } = settings;
  const programs = await obtain('Prometheus', prometheusSources, settings);
  const data = join(home, 'data', 'prometheus');
  mkdirSync(data, { recursive: true });
  const config = runFile(home, 'prometheus.yml');
  writeWhole(config, localConfig(home));
  const options = {
    '--config.file': config,
    '--storage.tsdb.path': data,
    // Newer ones would have it in their configuration, where 2.42 does not know it.
    '--storage.tsdb.retention.time': RETENTION,
    '--web.listen-address': `127.0.0.1:${settings.ports.PROMETHEUS_PORT}`,
    '--log.level': 'warn',
    // Debian's has its pages in files, and looks for them where they would be installed.
    ...(programs.startsWith(parts) &&
      existsSync(pages(programs)) && { '--web.local-assets': pages(programs) }),
  };
  return {
    name: 'prometheus',
    roles: [],
    command: [join(programs, 'prometheus'), ...Object.entries(options).map((words) => words.join('='))],
    env: systemEnvironment(settings.env),
    cwd: home,
    ports: partPorts('prometheus', settings),
    ready: { kind: 'http', url: `${prometheusUrl(settings)}/-/ready` },
    stop: { stage: 'role', signal: 'SIGTERM', withinMs: 15_000 },
    contents: hashOf([config, ...globSync(RULES).sort()]),
  };
}

export function prometheusUrl({ ports }: Pick<Settings, 'ports'>): string {
  return `http://127.0.0.1:${ports.PROMETHEUS_PORT}`;
}

const pages = (programs: string) => join(programs, '..', 'share', 'prometheus', 'web');

type Job = { job_name: string; dns_sd_configs: [{ refresh_interval: string }]; relabel_configs: object[] };
type Config = { scrape_configs: [Job] };

/** The one of docker-compose.yml, but for where it finds the processes and the rules. */
function localConfig(home: string): string {
  const { scrape_configs, ...shared }: Config = parse(readFileSync(CONFIG, 'utf8'));
  const [{ dns_sd_configs: containers, relabel_configs: _, ...job }] = scrape_configs;
  const found = [{ files: [targetsFile(home)], refresh_interval: containers[0].refresh_interval }];
  return stringify({
    ...shared,
    rule_files: [RULES],
    scrape_configs: [{ ...job, file_sd_configs: found }],
  });
}

function hashOf(files: string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}
