import { createDependencies } from './dependencies.ts';
import type { Role } from './main.ts';
import type { Config } from './platform/config.ts';
import { type Check, serveOperations } from './platform/http/operations.ts';
import { live } from './platform/lifecycle.ts';
import { createLogger } from './platform/logger.ts';
import { collectProcessMetrics } from './platform/metrics.ts';
import type { Telemetry } from './platform/telemetry.ts';
import { type RunningRole, roles } from './roles.ts';

const drainMs = 30_000;

export interface Process {
  readonly config: Config;
  readonly serviceName: string;
  readonly telemetry: Telemetry;
}

/** Runs `chosen`, given in the order of their start, until a signal or a fatal fault. */
export async function runRoles(
  chosen: readonly Role[],
  { config, serviceName, telemetry }: Process,
): Promise<void> {
  const log = createLogger({ service: serviceName, level: config.LOG_LEVEL });
  telemetry.reportTo?.(log);
  collectProcessMetrics();
  await live(
    async ({ resources, fatal }) => {
      const deps = resources.use(createDependencies({ config, log, serviceName, telemetry }));
      let state: 'starting' | 'started' | 'draining' = 'starting';
      const required: Record<string, Check> = {
        roles: async () => {
          if (state !== 'started') throw new Error(state);
        },
      };
      const optional: Record<string, Check> = {};
      for (const name of chosen.flatMap((role) => roles[role].needs)) required[name] = deps.checks[name];
      const address = { host: config.BIND_ADDRESS, port: config.METRICS_PORT, log };
      resources.use(await serveOperations({ required, optional }, address));

      const running: RunningRole[] = [];
      // All at once: each has its own limit, and one after the other they would outlast the drain's.
      resources.defer(async () => {
        state = 'draining';
        await Promise.all(running.map((role) => role[Symbol.asyncDispose]()));
      });
      for (const name of chosen) {
        const role = await roles[name].start({ ...deps, running, fatal });
        running.push(role);
        if (role.check !== undefined) required[name] = role.check;
        if (role.checkVersion !== undefined) optional.version = role.checkVersion;
      }
      state = 'started';
      log.info({ roles: chosen, metrics_port: config.METRICS_PORT }, 'ready');
    },
    { log, graceMs: drainMs },
  );
}
