import type { Context, Middleware } from 'koa';
import { Problem } from '../platform/http/problem.ts';
import type { Logger } from '../platform/logger.ts';
import { requestAdmitted } from './facts.ts';
import type { Operation } from './fault-decision.ts';
import type { FaultPlan } from './fault-plan.ts';
import { replyWrongly } from './wrong-replies.ts';

/** Goes in front of a route, and lets happen to its requests what the plan has for them. */
export type Disturb = (operation: Operation) => Middleware;

interface DisturbDeps {
  readonly plan: FaultPlan;
  /** Once aborted, nothing is held back any more: a delay ends, and what would never be answered is cut off. */
  readonly closing: AbortSignal;
  readonly log: Logger;
}

export function createDisturb({ plan, closing, log }: DisturbDeps): Disturb {
  return (operation) => async (ctx, next) => {
    const key = operation === 'lookup' ? ctx.querystring : ctx.get('Idempotency-Key');
    const { delay_ms: delayMs } = plan.faults();
    const decision = plan.admit(operation, key);
    requestAdmitted(log, operation, decision.fault);
    if (delayMs > 0 && decision.fault !== 'outage') await untilLeft(ctx, closing, delayMs);
    // Who has left is not charged.
    if (ctx.req.socket.destroyed) return withhold(ctx, closing);

    switch (decision.fault) {
      case 'none':
        return next();
      case 'outage':
        throw new Problem(503, 'injected_outage', 'Told to be down; PUT other faults to /v1/faults.', soon);
      case 'error':
        throw new Problem(500, 'injected_error', 'Told to fail; repeat it with the same Idempotency-Key.');
      case 'rate_limit':
        throw new Problem(429, 'rate_limited', 'Told to have had enough; repeat it in a second.', soon);
      case 'decline':
        ctx.state.declines = true;
        return next();
      case 'hang':
        return withhold(ctx, closing);
      case 'commit_then_timeout':
        try {
          return await next();
        } finally {
          await withhold(ctx, closing);
        }
      case 'wrong_reply':
        await next();
        return replyWrongly(ctx, decision.reply);
      default:
        return decision satisfies never;
    }
  };
}

const soon = { headers: { 'Retry-After': '1' } };

async function withhold(ctx: Context, closing: AbortSignal): Promise<void> {
  // Nobody reads the body, and unread it would hide that the client has left.
  ctx.req.resume();
  await untilLeft(ctx, closing);
  ctx.req.socket.destroy();
  ctx.respond = false;
  // Nobody gets it; it is what the metrics show.
  ctx.status = 504;
  ctx.body = '';
}

/** Resolves when the client has left or the service closes, and after `ms` at the latest. */
function untilLeft({ req: { socket } }: Context, closing: AbortSignal, ms?: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const leave = () => resolve();
  const timer = ms === undefined ? undefined : setTimeout(leave, ms);
  socket.once('close', leave);
  closing.addEventListener('abort', leave);
  if (socket.destroyed || closing.aborted) leave();
  return promise.finally(() => {
    clearTimeout(timer);
    socket.off('close', leave);
    closing.removeEventListener('abort', leave);
  });
}
