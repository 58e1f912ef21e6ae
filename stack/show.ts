import { addresses } from './environment.ts';
import { bold, dim, green, red, say, table } from './output.ts';
import { isAlive } from './processes.ts';
import { isReady } from './readiness.ts';
import type { Settings } from './settings.ts';
import { type ProcessSpec, readState, readTable } from './table.ts';

/** The addresses a person opens, the ones a client is given, and where each process shows its metrics. */
export function announce(settings: Settings, seconds: string): void {
  const specs = readTable(settings.home);
  const known = addresses(settings);
  const { PROMETHEUS_URL = settings.env.PROMETHEUS_URL } = known;
  const has = (name: string) => specs.some((spec) => spec.name === name);
  say(`${green('ready')} after ${seconds} s`);
  table([
    ...(has('api') ? [['REST API', bold(`${known.API_URL}/v1/orders`)]] : []),
    ...(has('temporal') ? [['Temporal Web UI', bold(known.TEMPORAL_UI_URL ?? '')]] : []),
    ...(has('payment') ? [['payment service', bold(`${known.PAYMENT_URL}/v1/ledger`)]] : []),
    ['Postgres', known.DATABASE_URL ?? 'as DATABASE_URL or DB_HOST says'],
    ['Kafka', known.KAFKA_BROKERS ?? 'as KAFKA_BROKERS says'],
    ['Temporal', known.TEMPORAL_ADDRESS ?? 'as TEMPORAL_ADDRESS says'],
    ...(known.REDIS_ADDR ? [['Redis', known.REDIS_ADDR]] : []),
    ...(PROMETHEUS_URL ? [['Prometheus', bold(PROMETHEUS_URL)]] : []),
    ...(has('registry') ? [['schema registry', known.SCHEMA_REGISTRY_URL ?? '']] : []),
    ...specs.flatMap((spec) => (spec.roles.length > 0 ? [[`metrics of ${spec.name}`, metrics(spec)]] : [])),
  ]);
  say(dim('  make ps | make logs | make demo | make down'));
}

export async function ps({ home }: Settings): Promise<void> {
  const state = readState(home);
  const specs = readTable(home);
  if (state === undefined || specs.length === 0) return say('nothing runs; `make up` starts it');
  if (!isAlive(state.supervisor)) say(red('the supervisor was killed: nothing is restarted until `make up`'));
  const rows = await Promise.all(
    specs.map(async (spec) => {
      const record = state.processes[spec.name];
      const alive = record !== undefined && isAlive(record);
      const condition = alive ? ((await isReady(spec.ready)) ? 'ready' : 'not ready') : 'down';
      const ports = Object.values(spec.ports).join(' ');
      return [
        spec.name,
        alive ? String(record.pid) : '-',
        condition,
        String(record?.restarts ?? 0),
        ports,
        spec.roles.join(' '),
      ];
    }),
  );
  table([['process', 'pid', 'state', 'restarts', 'ports', 'roles'], ...rows]);
}

function metrics(spec: ProcessSpec): string {
  return `http://127.0.0.1:${spec.ports.METRICS_PORT}/metrics`;
}
