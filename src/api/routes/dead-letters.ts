import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import type { Logger } from '../../platform/logger.ts';
import { countLetters } from '../../store/dead-letter-stats.ts';
import type { Pool } from '../../store/pool.ts';
import { presentLetterStats } from '../present-dead-letters.ts';
import { listAllLetters, readLetter } from './list-dead-letters.ts';
import { replayNamed, replayRange } from './replay-dead-letters.ts';

export interface DeadLetterRoutes {
  readonly pool: Pool;
  readonly log: Logger;
  readonly replays: {
    /** How the names of all groups begin. */
    readonly consumerGroup: string;
    /** Of one letter. */
    readonly most: number;
  };
}

/** Records that were set aside, and their way back; `before` goes before every route there is, and will be. */
export function deadLetterRoutes(deps: DeadLetterRoutes, before: readonly Middleware[]): Router {
  const router = new Router({ sensitive: true });
  for (const middleware of before) router.use(middleware);
  router.get('/v1/dlq/messages', (ctx) => listAllLetters(deps, ctx));
  router.get('/v1/dlq/messages/:id', (ctx) => readLetter(deps, ctx));
  router.get('/v1/dlq/stats', (ctx) => showStats(deps, ctx));
  router.post('/v1/dlq/replay', (ctx) => replayNamed(deps, ctx));
  router.post('/v1/dlq/replay/batch', (ctx) => replayRange(deps, ctx));
  // The addresses of an earlier system.
  router.get('/api/v1/dlq/messages', (ctx) => listAllLetters(deps, ctx));
  router.get('/api/v1/dlq/stats', (ctx) => showStats(deps, ctx));
  router.post('/api/v1/replay', (ctx) => replayNamed(deps, ctx));
  router.post('/api/v1/replay/batch', (ctx) => replayRange(deps, ctx));
  return router;
}

async function showStats({ pool }: DeadLetterRoutes, ctx: Context): Promise<void> {
  ctx.set('Cache-Control', 'no-store');
  ctx.body = presentLetterStats(await countLetters(pool));
}
