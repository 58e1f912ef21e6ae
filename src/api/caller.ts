import type { Context } from 'koa';

/** Who owns what this request places, and whose orders it may see: everyone's, as long as requests carry no identity. */
export function callerOf(_ctx: Context): string {
  return 'anonymous';
}
