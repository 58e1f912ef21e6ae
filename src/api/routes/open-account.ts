import type { Context } from 'koa';
import { newId } from '../../core/id.ts';
import { accountOpened } from '../../facts-ledger.ts';
import { readOptionalIdempotencyKey } from '../../platform/http/idempotency-key.ts';
import { readJson } from '../../platform/http/json-body.ts';
import { parseBody } from '../../platform/http/validation.ts';
import { openAccount as openInStore } from '../../store/accounts.ts';
import { callerOf } from '../caller.ts';
import { newAccount } from '../ledger-schemas.ts';
import { presentAccount } from '../present-ledger.ts';
import { claimIdOnce } from './claim-once.ts';
import type { OrderRoutes } from './orders.ts';
import { show } from './show.ts';

/** 201 with an account without money; with an Idempotency-Key a repeat gets the same account, as it is by then. */
export async function openAccount(
  deps: Pick<OrderRoutes, 'pool' | 'log' | 'idempotencyTtlMs'>,
  ctx: Context,
): Promise<void> {
  const key = readOptionalIdempotencyKey(ctx);
  const body = await readJson(ctx);
  const { currency } = parseBody(newAccount, body);
  const operation = 'POST /v1/accounts';
  const { id, isRepeat } =
    key === undefined
      ? { id: newId(), isRepeat: false }
      : await claimIdOnce(deps, ctx, { operation, key, body, id: newId() });
  // A repeat too: the first may have died when it had the key and no account yet.
  const { account, isNew } = await openInStore(deps.pool, {
    id,
    owner: callerOf(ctx),
    currency,
    now: new Date(),
  });
  if (isNew) accountOpened(deps.log, account);
  if (isRepeat) ctx.set('Idempotent-Replayed', 'true');
  ctx.status = 201;
  ctx.set('Location', `/v1/accounts/${account.id}`);
  show(ctx, account, presentAccount);
}
