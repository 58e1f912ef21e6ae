import type { Context } from 'koa';
import type { Account } from '../../ledger/account.ts';
import { Problem } from '../../platform/http/problem.ts';
import { findAccount, listAccounts } from '../../store/accounts.ts';
import { listTransactions } from '../../store/transactions.ts';
import { callerOf } from '../caller.ts';
import { presentAccount, presentTransaction } from '../present-ledger.ts';
import type { OrderRoutes } from './orders.ts';
import { showPage } from './pages.ts';
import { idInPath, showIfNew } from './show.ts';

type Deps = Pick<OrderRoutes, 'pool'>;

export async function readAccount(deps: Deps, ctx: Context): Promise<void> {
  showIfNew(ctx, await ownAccount(deps, ctx), presentAccount);
}

/** The account in the path; 404 when it is somebody else's, as if it were not there. */
export async function ownAccount({ pool }: Deps, ctx: Context): Promise<Account> {
  const id = idInPath(ctx, 'an account');
  const account = await findAccount(pool, id);
  if (account !== undefined && account.owner === callerOf(ctx)) return account;
  const detail = `There is no account ${id}; check the id, or list your accounts.`;
  throw new Problem(404, 'account_not_found', detail);
}

export async function listOwnAccounts({ pool }: Deps, ctx: Context): Promise<void> {
  const owner = callerOf(ctx);
  await showPage(ctx, (asked) => listAccounts(pool, { owner, ...asked }), presentAccount);
}

/** Those asked for on the account in the path. */
export async function listTransactionsOn({ pool }: Deps, ctx: Context): Promise<void> {
  const { id: accountId, owner } = await ownAccount({ pool }, ctx);
  await showPage(ctx, (asked) => listTransactions(pool, { accountId, owner, ...asked }), presentTransaction);
}
