import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { apply, untilReady } from './control.ts';
import { run } from './download.ts';
import { given, needsRedis, roleEnvironment } from './environment.ts';
import { locked } from './lock.ts';
import { wantsPrometheus } from './observability.ts';
import { prepareKafka } from './parts/kafka.ts';
import { preparePostgres } from './parts/postgres.ts';
import { preparePrometheus } from './parts/prometheus.ts';
import { prepareRedis } from './parts/redis.ts';
import { prepareRegistry } from './parts/registry.ts';
import { prepareTemporal } from './parts/temporal.ts';
import { checkPorts, partPorts, wantedPorts } from './ports.ts';
import { roleSpecs } from './roles.ts';
import { keepWish, wantsRegistry } from './schemas.ts';
import { MAIN, type Settings } from './settings.ts';
import { type Entry, entryOf, readTable, runFile, writeWhole } from './table.ts';

const PREPARE = {
  postgres: preparePostgres,
  kafka: prepareKafka,
  temporal: prepareTemporal,
  registry: prepareRegistry,
  redis: prepareRedis,
  prometheus: preparePrometheus,
};
const ALWAYS = ['postgres', 'kafka', 'temporal'] as const;

export type UpOptions = { partsOnly?: boolean; owner?: number };

/** Starts or changes what is needed, waits until all of it serves, and leaves it running. */
export function up(settings: Settings, options: UpOptions = {}): Promise<void> {
  return locked(settings.home, async () => {
    const { home } = settings;
    const outside = given(settings);
    const wanted = [
      ...ALWAYS,
      ...(wantsRegistry(settings) ? (['registry'] as const) : []),
      ...(needsRedis(settings) ? (['redis'] as const) : []),
      ...(wantsPrometheus(settings) ? (['prometheus'] as const) : []),
    ];
    const own = wanted.filter((part) => !outside[part]);
    const roles = options.partsOnly || !existsSync(MAIN) ? [] : roleSpecs(settings).map(entryOf);
    const planned = own.map((name) => ({ name, ports: partPorts(name, settings) }));
    await checkPorts(home, wantedPorts([...planned, ...roles]));
    writeWhole(runFile(home, 'ports.json'), JSON.stringify(settings.ports));
    keepWish(settings);
    const parts = await Promise.all(own.map(async (part) => entryOf(await PREPARE[part](settings))));

    const rolesBefore = roles.length > 0 ? readTable(home).filter((spec) => spec.roles.length > 0) : [];
    await apply(home, [...parts, ...rolesBefore], options.owner);
    const version = roles[0]?.contents;
    const ownsAll = ALWAYS.every((part) => own.includes(part));
    const isSetUp = version === undefined || (ownsAll && version === setUpVersion(home));
    await Promise.all(
      wanted.map(async (name) => {
        const spec = parts.find((part) => part.name === name);
        if (spec) await untilReady(home, spec);
        if (!isSetUp) await setUp(name, settings);
      }),
    );
    await apply(home, [...parts, ...roles], options.owner);
    const failed = new AbortController();
    try {
      await Promise.all([
        ...roles.map((spec) => untilReady(home, spec)),
        isSetUp || promote(settings, roles, failed.signal),
      ]);
    } catch (error) {
      failed.abort();
      throw error;
    }
    if (!isSetUp) writeWhole(setUpFile(home), version);
  });
}

/** The next `up` sets up again: somebody may have changed the schema by hand. */
export function forgetSetUp({ home }: Settings): void {
  rmSync(setUpFile(home), { force: true });
}

/** The sources for which schema, topics and current version are in place; it lies in the data and goes with them. */
const setUpFile = (home: string) => join(home, 'data', 'set-up');

function setUpVersion(home: string): string | undefined {
  return existsSync(setUpFile(home)) ? readFileSync(setUpFile(home), 'utf8') : undefined;
}

async function setUp(part: keyof typeof PREPARE, settings: Settings): Promise<void> {
  if (part === 'postgres' && settings.env.AUTO_MIGRATE !== 'false')
    await command(settings, ['migrate', 'up']);
  if (part === 'kafka') await command(settings, ['topics']);
  // The stack's own Temporal is started with them.
  if (part === 'temporal' && given(settings).temporal) await command(settings, ['search-attributes']);
}

/** Beside the wait for readiness, not after it: a worker is whole only once its version is current. */
async function promote(settings: Settings, roles: Entry[], signal: AbortSignal): Promise<void> {
  const worker = roles.find(({ name }) => name === 'worker');
  if (worker === undefined) return;
  const answers = `http://127.0.0.1:${worker.ports.METRICS_PORT}/healthz`;
  await untilReady(settings.home, { ...worker, ready: { kind: 'http', url: answers } });
  await command(settings, ['promote'], signal);
}

/** Runs one of the program's own commands against the parts. */
async function command(settings: Settings, args: string[], signal?: AbortSignal): Promise<string> {
  try {
    return await run([process.execPath, MAIN, ...args], {
      env: roleEnvironment(settings),
      ...(signal && { signal }),
    });
  } catch (error) {
    throw new Error(`\`${args.join(' ')}\` failed: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
