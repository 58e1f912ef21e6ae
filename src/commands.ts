import type { Dependencies } from './dependencies.ts';
import type { Command } from './main.ts';
import type { Config } from './platform/config.ts';
import { type Migrator, migrateDown, migrateUp, migrationVersion } from './store/migrate.ts';
import { createMigration, migrationsDirectory } from './store/migration-files.ts';

// What an operator runs once: each does its work, says what it did on one line, and ends.
const commands: Readonly<Record<Command, (args: readonly string[], config: Config) => Promise<string>>> = {
  migrate,

  topics: (_args, config) =>
    withDependencies(config, async ({ kafka }) => {
      const { createTopics } = await import('./consumers/topics.ts');
      return createTopics(kafka, config);
    }),

  'search-attributes': (_args, config) =>
    withDependencies(config, async ({ temporal }) => {
      const { registerSearchAttributes } = await import('./activities/deployment.ts');
      return registerSearchAttributes(await temporal());
    }),

  promote: (_args, config) =>
    withDependencies(config, async ({ temporal }) => {
      const { promoteWorkerVersion } = await import('./activities/deployment.ts');
      return promoteWorkerVersion(await temporal());
    }),
};

export async function runCommand(command: Command, args: readonly string[], config: Config): Promise<void> {
  process.stdout.write(`${await commands[command](args, config)}\n`);
}

async function migrate([verb, argument]: readonly string[], { databaseUrl }: Config): Promise<string> {
  const migrator: Migrator = { databaseUrl, directory: migrationsDirectory };
  switch (verb) {
    case 'up':
      return summary('applied', await migrateUp(migrator));
    case 'down':
      return summary(
        'taken back',
        await migrateDown(migrator, argument === undefined ? 1 : wholeNumber(argument)),
      );
    case 'version': {
      const { version, dirty } = await migrationVersion(migrator);
      return `${version ?? 'none'}${dirty ? ' (dirty)' : ''}`;
    }
    case 'create':
      return (await createMigration(migrationsDirectory, argument ?? '')).join('\n');
    default:
      throw new Error('Usage: node src/main.ts migrate up | down [n] | version | create <name>');
  }
}

function summary(done: string, versions: readonly number[]): string {
  return versions.length === 0 ? 'nothing to do' : `${done}: ${versions.join(', ')}`;
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text))
    throw new Error(`"${text}" is no number of migrations; write how many to take back, such as 1.`);
  return Number(text);
}

async function withDependencies<T>(config: Config, work: (deps: Dependencies) => Promise<T>): Promise<T> {
  const [{ createDependencies }, { createLogger }, { startTelemetry }] = await Promise.all([
    import('./dependencies.ts'),
    import('./platform/logger.ts'),
    import('./platform/telemetry.ts'),
  ]);
  const serviceName = config.OTEL_SERVICE_NAME ?? 'tbd-command';
  const log = createLogger({ service: serviceName, level: config.LOG_LEVEL });
  await using deps = createDependencies({
    config,
    log,
    serviceName,
    telemetry: startTelemetry({ serviceName }),
  });
  return await work(deps);
}
