import type { Context } from 'koa';
import type { Transaction } from '../../ledger/transaction.ts';
import { Problem } from '../../platform/http/problem.ts';
import { findTransaction } from '../../store/transactions.ts';
import { callerOf } from '../caller.ts';
import { presentTransaction } from '../present-ledger.ts';
import type { OrderRoutes } from './orders.ts';
import { idInPath, showIfNew } from './show.ts';

type Deps = Pick<OrderRoutes, 'pool'>;

export async function readTransaction(deps: Deps, ctx: Context): Promise<void> {
  showIfNew(ctx, await ownTransaction(deps, ctx), presentTransaction);
}

/** The transaction in the path; 404 when it is somebody else's, as if it were not there. */
export async function ownTransaction({ pool }: Deps, ctx: Context): Promise<Transaction> {
  const id = idInPath(ctx, 'a transaction');
  const transaction = await findTransaction(pool, id);
  if (transaction !== undefined && transaction.owner === callerOf(ctx)) return transaction;
  const detail = `There is no transaction ${id}; check the id, or list those of its account.`;
  throw new Problem(404, 'transaction_not_found', detail);
}
