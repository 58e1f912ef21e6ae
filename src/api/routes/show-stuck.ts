import type { Context } from 'koa';
import { countStuck, listStuck } from '../../store/stuck.ts';
import { presentStuck } from '../present-admin.ts';
import type { AdminRoutes } from './admin.ts';

const mostShown = 1_000;

/** What the keeper's last look found, those first that are stuck for longest. */
export async function showStuck({ pool }: AdminRoutes, ctx: Context): Promise<void> {
  const [orders, counts] = await Promise.all([listStuck(pool, { limit: mostShown }), countStuck(pool)]);
  ctx.body = presentStuck(orders, counts);
}
