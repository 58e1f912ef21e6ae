import Router from '@koa/router';
import Koa, { type Context } from 'koa';
import { z } from 'zod';
import type { Logger } from '../logger.ts';
import { metricsContentType, renderMetrics } from '../metrics.ts';
import { type Address, type Listening, listen } from './listen.ts';
import { observe } from './observe.ts';
import { problems } from './problem.ts';
import { problemPagesRouter } from './problem-pages.ts';
import { httpProblems } from './problem-types.ts';
import { secure } from './security-headers.ts';

/** A dependency's own answer: resolves when it can be used, rejects with the reason when not. */
export type Check = () => Promise<unknown>;

export interface Operations {
  /** Fail readiness. */
  readonly required: Readonly<Record<string, Check>>;
  /** Shown as degraded, with 200: the process can still do its work. */
  readonly optional?: Readonly<Record<string, Check>>;
  /** Other figures of this process, in the same text format. */
  readonly moreMetrics?: () => Promise<string>;
}

const checkTimeoutMs = 2_000;

// The second name of each is what the systems had that this one takes the place of.
const addresses = {
  healthz: ['/healthz', '/health'],
  readyz: ['/readyz', '/ready'],
  metrics: ['/metrics', '/api/v1/metrics'],
};
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
export function operationsRouter({
  required,
  optional = {},
  moreMetrics = async () => '',
}: Operations): Router {
  const router = new Router({ sensitive: true });
  router.get(addresses.healthz, (ctx) => {
    ctx.body = { status: 'ok' } satisfies z.input<typeof healthAnswer>;
  });
  router.get(addresses.readyz, (ctx) => ready(ctx, required, optional));
  router.get(addresses.metrics, async (ctx) => {
    ctx.body = (await renderMetrics()) + (await moreMetrics().catch(() => ''));
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
      const reason = await withTimeout(check()).then(() => undefined, reasonOf);
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

function withTimeout(work: Promise<unknown>): Promise<unknown> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${checkTimeoutMs} ms`)), checkTimeoutMs);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** The same on a port of its own: every process has one, whatever its roles serve besides. */
export function serveOperations(
  operations: Operations,
  { log, ...address }: Address & { log: Logger },
): Promise<Listening> {
  const app = new Koa();
  app.use(secure);
  app.use(observe(log));
  app.use(
    problems({ translate: () => undefined, report: (error) => log.error({ err: error }, 'probe failed') }),
  );
  for (const router of [operationsRouter(operations), problemPagesRouter(httpProblems)]) {
    app.use(router.routes());
    app.use(router.allowedMethods());
  }
  return listen(app, address);
}
