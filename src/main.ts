import { type Config, readConfig } from './platform/config.ts';
import { redact } from './platform/redaction.ts';
import type { Telemetry } from './platform/telemetry.ts';

// In the order of their start: who does the work before who brings it; they stop in the reverse order.
const roleNames = ['payment', 'worker', 'bridge', 'notifier', 'relay', 'keeper', 'api'] as const;
export type Role = (typeof roleNames)[number];

const commandNames = ['migrate', 'topics', 'search-attributes', 'promote'] as const;
export type Command = (typeof commandNames)[number];

const usage = `Usage: node src/main.ts <role> [role…]     roles: ${roleNames.join(', ')}
       node src/main.ts migrate up | down [n] | version | create <name>
       node src/main.ts topics | search-attributes | promote`;

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${redact(error instanceof Error ? error.message : String(error))}\n`);
  process.exit(1);
}

/** What runs is loaded only when the words and the settings are in order: a mistake is answered at once. */
async function main(words: readonly string[]): Promise<void> {
  const [first, ...rest] = words;
  if (isOneOf(commandNames, first)) {
    const config = readConfig();
    const { runCommand } = await import('./commands.ts');
    return runCommand(first, rest, config);
  }
  const chosen = roleNames.filter((role) => words.includes(role));
  if (chosen.length === 0 || chosen.length !== new Set(words).size) throw new Error(usage);
  const config = readConfig();
  const serviceName = config.OTEL_SERVICE_NAME ?? `tbd-${chosen.join('-')}`;
  const telemetry = await startTelemetry(config, serviceName);
  const { runRoles } = await import('./run-roles.ts');
  return runRoles(chosen, { config, serviceName, telemetry });
}

/** Before all else that is loaded: what is traced is instrumented while it loads. */
async function startTelemetry(config: Config, serviceName: string): Promise<Telemetry> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = config;
  if (endpoint === undefined)
    return (await import('./platform/telemetry.ts')).startTelemetry({ serviceName });
  const { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio } = config;
  return (await import('./platform/tracing.ts')).startTracing({ endpoint, serviceName, sampler, ratio });
}

function isOneOf<Name extends string>(names: readonly Name[], word: string | undefined): word is Name {
  return names.some((name) => name === word);
}
