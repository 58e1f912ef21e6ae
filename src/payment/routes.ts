import Router from '@koa/router';
import type { Context } from 'koa';
import { readIdempotencyKey } from '../platform/http/idempotency-key.ts';
import { readJson } from '../platform/http/json-body.ts';
import { Problem } from '../platform/http/problem.ts';
import { parseBody, parseQuery } from '../platform/http/validation.ts';
import type { Logger } from '../platform/logger.ts';
import { decideCharge, decideRefund } from './decide.ts';
import type { Entry } from './entry.ts';
import { chargeDecided, refundDecided } from './facts.ts';
import type { Disturb } from './fault-middleware.ts';
import type { Commit } from './group-commit.ts';

import type { Ledger } from './ledger.ts';
import { presentCharge, presentMovement, presentRefund } from './present.ts';
import { chargeBody, ledgerPage, lookup, refundBody } from './requests.ts';

export interface RouteDeps {
  readonly ledger: Ledger;
  readonly commit: Commit;
  readonly disturb: Disturb;
  readonly log: Logger;
}

export function paymentRouter({ ledger, commit, disturb, log }: RouteDeps): Router {
  const router = new Router({ sensitive: true });

  router.post('/v1/charges', disturb('charge'), async (ctx) => {
    const key = readIdempotencyKey(ctx);
    const body = parseBody(chargeBody, await readJson(ctx));
    const declines = ctx.state.declines === true;
    const decision = await commit(() => decideCharge(ledger, { key, ...body }, { declines }));
    chargeDecided(log, decision);
    if (decision.isReplay) ctx.set('Idempotent-Replayed', 'true');
    if (decision.entry.kind === 'decline') throw declined();
    ctx.status = 201;
    ctx.body = presentCharge(decision.entry);
  });

  router.post('/v1/refunds', disturb('refund'), async (ctx) => {
    const key = readIdempotencyKey(ctx);
    const body = parseBody(refundBody, await readJson(ctx));
    const decision = await commit(() => decideRefund(ledger, { key, ...body }));
    refundDecided(log, decision);
    if (decision.isReplay) ctx.set('Idempotent-Replayed', 'true');
    ctx.status = 201;
    ctx.body = presentRefund(decision.entry);
  });

  router.get('/v1/charges', disturb('lookup'), (ctx) => {
    ctx.body = { charges: found(ledger, ctx, ['capture', 'decline']).map(presentCharge) };
  });

  router.get('/v1/refunds', disturb('lookup'), (ctx) => {
    ctx.body = { refunds: found(ledger, ctx, ['refund']).map(presentRefund) };
  });

  router.get('/v1/ledger', (ctx) => {
    const { after, limit } = parseQuery(ledgerPage, ctx.query);
    const entries = ledger.movements({ after, limit });
    ctx.body = {
      entries: entries.map(presentMovement),
      next: entries.length < limit ? null : String(entries.at(-1)?.seq),
    };
  });

  return router;
}

function declined(): Problem {
  return new Problem(
    402,
    'card_declined',
    'The card was declined and nothing was captured; try another card under a new key.',
  );
}

function found(ledger: Ledger, ctx: Context, kinds: readonly Entry['kind'][]): Entry[] {
  const { key, order_id } = parseQuery(lookup, ctx.query);
  // The schema admits exactly one of the two.
  const entries = key === undefined ? ledger.byOrder(order_id ?? '') : [ledger.byKey(key)];
  return entries.filter((entry) => entry !== undefined).filter((entry) => kinds.includes(entry.kind));
}
