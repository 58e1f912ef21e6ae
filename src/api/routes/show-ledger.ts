import type { Context } from 'koa';
import { readTrialBalance } from '../../store/entries.ts';
import { presentTrialBalance } from '../present-ledger.ts';
import type { AdminRoutes } from './admin.ts';

/** The trial balance: the whole book added up, at this moment. */
export async function showLedger({ pool }: Pick<AdminRoutes, 'pool'>, ctx: Context): Promise<void> {
  ctx.set('Cache-Control', 'no-store');
  ctx.body = presentTrialBalance(await readTrialBalance(pool));
}
