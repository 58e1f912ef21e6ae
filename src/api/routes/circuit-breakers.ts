import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import { breakersReset } from '../../facts.ts';
import { Problem } from '../../platform/http/problem.ts';
import type { Logger } from '../../platform/logger.ts';
import { listBreakers, resetBreakers } from '../../store/circuit-breakers.ts';
import type { Pool } from '../../store/pool.ts';
import { callerOf } from '../caller.ts';
import { presentBreaker } from '../present-breaker.ts';

export interface BreakerRoutes {
  readonly pool: Pool;
  readonly log: Logger;
}

/** The breakers as their processes have written them, and a person's way to close them; theirs close within a second. */
export function breakerRoutes(deps: BreakerRoutes, before: readonly Middleware[]): Router {
  const router = new Router({ sensitive: true });
  for (const middleware of before) router.use(middleware);
  router.get('/v1/circuit-breakers', (ctx) => listAll(deps, ctx));
  router.post('/v1/circuit-breakers/reset', (ctx) => resetAll(deps, ctx));
  router.post('/v1/circuit-breakers/:name/reset', (ctx) => resetOne(deps, ctx));
  // The addresses of an earlier system.
  router.get('/api/v1/circuit-breaker/status', (ctx) => listAll(deps, ctx));
  router.post('/api/v1/circuit-breaker/reset', (ctx) => resetAll(deps, ctx));
  return router;
}

async function listAll({ pool }: BreakerRoutes, ctx: Context): Promise<void> {
  const rows = await listBreakers(pool);
  ctx.set('Cache-Control', 'no-store');
  ctx.body = { items: rows.map(presentBreaker) };
}

async function resetAll({ pool, log }: BreakerRoutes, ctx: Context): Promise<void> {
  const rows = await resetBreakers(pool);
  breakersReset(log, { names: rows.map(({ name }) => name), caller: callerOf(ctx) });
  ctx.body = { items: rows.map(presentBreaker) };
}

async function resetOne({ pool, log }: BreakerRoutes, ctx: Context): Promise<void> {
  const name = String(ctx.params.name);
  // Postgres has no U+0000 in text, and would not take it for a name that it does not know.
  const [row] = name.includes('\0') ? [] : await resetBreakers(pool, name);
  if (row === undefined) {
    const detail = 'No circuit breaker has this name; take one from GET /v1/circuit-breakers.';
    throw new Problem(404, 'circuit_breaker_not_found', detail);
  }
  breakersReset(log, { names: [row.name], caller: callerOf(ctx) });
  ctx.body = presentBreaker(row);
}
