import Router from '@koa/router';
import type { Context } from 'koa';
import { readJson } from '../platform/http/json-body.ts';
import { parseBody } from '../platform/http/validation.ts';
import type { Logger } from '../platform/logger.ts';
import { faultsInForce } from './facts.ts';
import type { FaultPlan } from './fault-plan.ts';
import { faultsBody } from './faults.ts';

export function faultRouter(plan: FaultPlan, log: Logger): Router {
  const router = new Router({ sensitive: true });
  const show = (ctx: Context) => {
    ctx.body = { ...plan.faults(), requests: plan.requests() };
  };
  router.get('/v1/faults', show);
  router.put('/v1/faults', async (ctx) => {
    plan.replace(parseBody(faultsBody, await readJson(ctx)));
    faultsInForce(log, plan.faults());
    show(ctx);
  });
  return router;
}
