import type { Context } from 'koa';
import { injectTrace } from '../platform/telemetry.ts';
import type { Trail } from '../store/outbox.ts';

/** Who owns what this request places, and whose orders it may see: everyone's, as long as requests carry no identity. */
export function callerOf(_ctx: Context): string {
  return 'anonymous';
}

/** What the events of this request carry along. */
export function trailOf(ctx: Context): Trail {
  return { traceparent: injectTrace().traceparent ?? null, correlationId: ctx.state.requestId };
}
