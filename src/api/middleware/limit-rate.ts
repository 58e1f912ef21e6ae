import type { Middleware } from 'koa';
import { Problem } from '../../platform/http/problem.ts';
import { callerOf } from '../caller.ts';
import type { RateLimiter } from '../rate-limiter.ts';

/** Tells every caller where it stands (draft-ietf-httpapi-ratelimit-headers-11), and refuses what is too much; behind `authenticate`. */
export function limitRate({ limit: { perSecond, burst }, take }: RateLimiter): Middleware {
  const policy = `"default";q=${burst};w=${Math.ceil(burst / perSecond)}`;
  return async (ctx, next) => {
    const { isAllowed, remaining, seconds } = take(callerOf(ctx));
    ctx.set({ 'RateLimit-Policy': policy, RateLimit: `"default";r=${remaining};t=${seconds}` });
    if (!isAllowed) {
      const detail = `More than ${perSecond} requests a second came from you; repeat this one after Retry-After.`;
      throw new Problem(429, 'rate_limited', detail, { headers: { 'Retry-After': String(seconds) } });
    }
    await next();
  };
}
