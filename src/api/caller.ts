import type { Context } from 'koa';

/** Who owns what this request places, and whose orders it may see. */
export function callerOf(ctx: Context): string {
  const { caller } = ctx.state;
  if (typeof caller !== 'string')
    throw new Error('Nobody asked who is calling; mount the guards before this route.');
  return caller;
}
