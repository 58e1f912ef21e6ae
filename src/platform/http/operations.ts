import Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Logger } from '../logger.ts';
import { metricsContentType, renderMetrics } from '../metrics.ts';
import { within } from '../within.ts';
import { createApp } from './app.ts';
import { type Address, type Listening, listen } from './listen.ts';
import { operationsAddresses } from './operations-addresses.ts';
import { problemPagesRouter } from './problem-pages.ts';
import { httpProblems } from './problem-types.ts';

/** A dependency's own answer: resolves when it can be used, rejects with the reason when not. */
export type Check = () => Promise<unknown>;

export interface Operations {
  /** Fail readiness. */
  readonly required: Readonly<Record<string, Check>>;
  /** Shown as degraded, with 200: the process can still do its work. */
  readonly optional?: Readonly<Record<string, Check>>;
}

const checkTimeoutMs = 2_000;
const noAnswer = () => new Error(`no answer within ${checkTimeoutMs} ms`);

export const healthAnswer = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });

const checkAnswer = z.object({
  status: z.enum(['ok', 'down']),
  latency_ms: z.int().min(0),
  reason: z.string().optional(),
});

export const readinessAnswer = z
  .object({
    status: z.enum(['ready', 'degraded', 'unavailable']),
    checks: z.record(z.string(), checkAnswer).meta({ description: 'One for each dependency, by its name' }),
  })
  .meta({ id: 'Readiness' });

/** `/healthz` says the process lives, `/readyz` what it can reach, `/metrics` what it did. */
export function operationsRouter({ required, optional = {} }: Operations): Router {
  const router = new Router({ sensitive: true });
  router.get(operationsAddresses.healthz, (ctx) => {
    ctx.body = { status: 'ok' } satisfies z.input<typeof healthAnswer>;
  });
  router.get(operationsAddresses.readyz, (ctx) => ready(ctx, required, optional));
  router.get(operationsAddresses.metrics, async (ctx) => {
    ctx.body = await renderMetrics();
    ctx.type = metricsContentType;
  });
  return router;
}

async function ready(
  ctx: Context,
  required: Operations['required'],
  optional: Record<string, Check>,
): Promise<void> {
  const [needed, helpful] = await Promise.all([report(required), report(optional)]);
  const isReady = needed.every(([, check]) => check.status === 'ok');
  const isWhole = helpful.every(([, check]) => check.status === 'ok');
  ctx.status = isReady ? 200 : 503;
  ctx.body = {
    status: isReady ? (isWhole ? 'ready' : 'degraded') : 'unavailable',
    checks: Object.fromEntries([...needed, ...helpful]),
  } satisfies z.input<typeof readinessAnswer>;
}

function report(
  checks: Readonly<Record<string, Check>>,
): Promise<[name: string, z.input<typeof checkAnswer>][]> {
  return Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const started = performance.now();
      const reason = await within(checkTimeoutMs, check(), noAnswer).then(() => undefined, reasonOf);
      const latency_ms = Math.round(performance.now() - started);
      return [
        name,
        reason === undefined ? { status: 'ok', latency_ms } : { status: 'down', latency_ms, reason },
      ];
    }),
  );
}

function reasonOf(error: unknown): string {
  // Of several addresses that refused, the first one's reason says enough.
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

/** The same on a port of its own: every process has one, whatever its roles serve besides. */
export function serveOperations(
  operations: Operations,
  { log, ...address }: Address & { log: Logger },
): Promise<Listening> {
  const routers = [operationsRouter(operations), problemPagesRouter(httpProblems)];
  const app = createApp({ log, translate: () => undefined, failure: 'probe failed', routers });
  return listen(app, address);
}
