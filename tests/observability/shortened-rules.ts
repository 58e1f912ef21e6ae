import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { System } from '../acceptance/outside/system.ts';
import { eventually } from '../support/eventually.ts';
import type { Prometheus } from './prometheus.ts';
import { ruleFiles } from './rules.ts';

const secondsOf = { m: 60, h: 3_600, d: 86_400 };
type Unit = keyof typeof secondsOf;

/** Thresholds that a short test does not reach, or passes by chance; each stands in the rules once. */
const changed: Readonly<Record<string, string>> = {
  // The age of the outbox and the half hour that a lag may take to drain: a twentieth, as of the windows.
  'max(outbox_oldest_seconds{job="tbd"}) > 120': 'max(outbox_oldest_seconds{job="tbd"}) > 6',
  // Records that lag and requests that are enough to judge by: a tenth.
  'topic:kafka_consumer_lag:sum > 100 and predict_linear(topic:kafka_consumer_lag:sum[15s], 1800) > 100':
    'topic:kafka_consumer_lag:sum > 10 and predict_linear(topic:kafka_consumer_lag:sum[15s], 90) > 10',
  'role="api"}[15s])) > 100': 'role="api"}[15s])) > 10',
  // Of a dozen orders a single one decides, and the machine may be busy.
  'api:http_request_duration_seconds:p99_5m > 0.5': 'api:http_request_duration_seconds:p99_5m > 1',
  'kind:temporal_schedule_to_start_seconds:p95_5m > 1': 'kind:temporal_schedule_to_start_seconds:p95_5m > 4',
  // A worker that stood still for half a minute is scraped next when it has begun everything that waited.
  'temporal_workflow_task_schedule_to_start_latency_seconds_bucket{job="tbd"}[15s]':
    'temporal_workflow_task_schedule_to_start_latency_seconds_bucket{job="tbd"}[45s]',
  'temporal_activity_schedule_to_start_latency_seconds_bucket{job="tbd"}[15s]':
    'temporal_activity_schedule_to_start_latency_seconds_bucket{job="tbd"}[45s]',
};

/**
 * The very rules with times that a test can wait for. A window becomes a twentieth, at least 10 s (five scrapes) and at most 30 s
 * (of a day 2 minutes), so that what is over leaves it; `for` a sixtieth, at least 3 s, so that no single scrape that is late counts.
 */
function shortened(rules: string): string {
  const seconds = (count: string, unit: string) => Number(count) * secondsOf[unit as Unit]; // the patterns admit no other
  const window = (count: string, unit: string) =>
    within(10, seconds(count, unit) / 20, unit === 'd' ? 120 : 30);
  const short = rules
    .replaceAll(/\[(\d+)([mhd])\]/g, (_, count, unit) => `[${window(count, unit)}s]`)
    .replaceAll(/offset (\d+)([mhd])/g, (_, count, unit) => `offset ${window(count, unit)}s`)
    .replaceAll(/^( +for: )(\d+)([mhd])$/gm, (_, start, count, unit) => {
      return `${start}${within(3, seconds(count, unit) / 60, 60)}s`;
    });
  return Object.entries(changed).reduce((text, [from, to]) => {
    if (text.split(from).length !== 2)
      throw new Error(`the rules must have ${from} once; adapt tests/observability/shortened-rules.ts`);
    return text.replace(from, to);
  }, short);
}

/** Has the stack's Prometheus evaluate them every second, over scrapes of every two: what is asked for a scrape may take up to 2 s. */
export async function shortenRules({ stack, addresses }: System, prometheus: Prometheus): Promise<void> {
  const configuration = join(addresses.home, 'run', 'prometheus.yml');
  const files = ruleFiles.map((path) => {
    const short = join(addresses.home, 'run', `shortened-${basename(path)}`);
    writeFileSync(short, shortened(readFileSync(path, 'utf8')));
    return short;
  });
  const { global: _, rule_files: __, ...rest } = parse(readFileSync(configuration, 'utf8'));
  const global = { scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '1s' };
  writeFileSync(configuration, stringify({ global, rule_files: files, ...rest }));
  const pid = stack.processes().find(({ name }) => name === 'prometheus')?.pid;
  if (pid === undefined) throw new Error('Prometheus does not run; give the stack OBSERVABILITY=1');
  process.kill(pid, 'SIGHUP');
  await eventually(async () => {
    const loaded = await prometheus.groups();
    if (loaded.some(({ file }) => !files.includes(file)))
      throw new Error('Prometheus has its former rules yet');
  }, 30_000);
}

function within(least: number, value: number, most: number): number {
  return Math.min(Math.max(least, value), most);
}
