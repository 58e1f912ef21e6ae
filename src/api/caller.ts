import type { Context } from 'koa';

/** Who owns what this request places, and whose orders it may see: everyone's, as long as requests carry no identity. */
export function callerOf(ctx: Context): string {
  // Set by middleware/authenticate.ts alone.
  return ctx.state.caller ?? 'anonymous';
}
