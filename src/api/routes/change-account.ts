import type { Context } from 'koa';
import { accountStatusSet } from '../../facts-ledger.ts';
import type { Account, AccountStatus } from '../../ledger/account.ts';
import { readJson } from '../../platform/http/json-body.ts';
import {
  insistsOnState,
  preconditionFailed,
  requireCondition,
  requireMatch,
} from '../../platform/http/preconditions.ts';
import { parseBody } from '../../platform/http/validation.ts';
import { setAccountStatus } from '../../store/accounts.ts';
import { accountChange } from '../ledger-schemas.ts';
import { versionTag } from '../present.ts';
import { presentAccount } from '../present-ledger.ts';
import type { OrderRoutes } from './orders.ts';
import { ownAccount } from './own-account.ts';
import { show } from './show.ts';

type Deps = Pick<OrderRoutes, 'pool' | 'log'>;

/** 200 with the account; 428 without If-Match, 412 when it names another state. */
export async function changeAccount(deps: Deps, ctx: Context): Promise<void> {
  requireCondition(ctx);
  const { status } = parseBody(accountChange, await readJson(ctx));
  const account = await ownAccount(deps, ctx);
  requireMatch(ctx, versionTag(account));
  show(
    ctx,
    account.status === status ? account : await change(deps, ctx, { account, status }),
    presentAccount,
  );
}

async function change(
  deps: Deps,
  ctx: Context,
  { account: { id, version }, status }: { account: Account; status: AccountStatus },
): Promise<Account> {
  // A state that the client named must still be there when it is decided.
  const from = insistsOnState(ctx) ? version : undefined;
  const changed = await setAccountStatus(deps.pool, { id, status, version: from });
  if (changed === undefined) throw preconditionFailed(versionTag(await ownAccount(deps, ctx)));
  accountStatusSet(deps.log, changed);
  return changed;
}
