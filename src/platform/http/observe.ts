import { randomUUID } from 'node:crypto';
import type Router from '@koa/router';
import type { Layer } from '@koa/router';
import { trace } from '@opentelemetry/api';
import type { Context, Middleware } from 'koa';
import type { Logger } from '../logger.ts';
import { beginAtZero, counter, histogram } from '../metrics.ts';
import { activeTraceparent } from '../telemetry.ts';
import { isOperations } from './operations-addresses.ts';
import { inRequestSpan, nameRequestSpan } from './request-span.ts';

const requestSeconds = histogram('http_request_duration_seconds', 'Time to answer a request, by route', [
  'method',
  'route',
  'status',
]);
const requests = counter('http_requests_total', 'Requests answered, by route', ['method', 'route', 'status']);

// What anybody may send; every other method that Node lets in shares a name.
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const serverErrors = ['500', '503'];

/** The first failure of a route is an increase, too. */
export function routesServed(routers: readonly Router[]): void {
  for (const { path, methods: verbs } of routers.flatMap(({ stack }) => stack)) {
    if (typeof path !== 'string' || isOperations(path)) continue;
    const method = verbs.filter((verb) => verb !== 'HEAD');
    beginAtZero(requests, { method, route: [path], status: serverErrors });
  }
}

const saneId = /^[\w.:-]{1,128}$/;

/** Gives every request its id, its trace, its line in the log and its place in the metrics; probes get no line and no place. */
export function observe(log: Logger): Middleware {
  return async (ctx, next) => {
    const { req, res } = ctx;
    const given = String(req.headers['x-request-id'] ?? '');
    const requestId = saneId.test(given) ? given : randomUUID();
    ctx.state.requestId = requestId;
    const started = performance.now();
    await inRequestSpan(req, { requestId, isTraced: !isOperations(ctx.path) }, async (span) => {
      res.setHeader('X-Request-Id', requestId);
      res.setHeader('traceparent', activeTraceparent() ?? '');
      res.setHeader('trace_id', span.spanContext().traceId);
      await next();
      if (isOperations(ctx.path)) return;
      const route = routeOf(ctx);
      nameRequestSpan(span, ctx.method, route);
      record(ctx, log, { route: route ?? 'none', seconds: (performance.now() - started) / 1_000 });
    });
  };
}

/** The id of the request's trace: one order keeps it from here to its last event. */
export function activeTraceId(): string | null {
  return trace.getActiveSpan()?.spanContext().traceId ?? null;
}

function record(ctx: Context, log: Logger, { route, seconds }: { route: string; seconds: number }): void {
  const method = methods.has(ctx.method) ? ctx.method : 'other';
  const labels = { method, route, status: ctx.status };
  requestSeconds.observe(labels, seconds);
  requests.inc(labels);
  log.debug({ ...labels, duration_ms: Math.round(seconds * 1_000) }, 'request answered');
}

/** The route's pattern, never the path: ids must not become label values. undefined where nothing is served. */
function routeOf(ctx: Context): string | undefined {
  const layers: readonly Layer[] = ctx.matched ?? [];
  // Not ctx._matchedRoute: a middleware that refuses a request leaves its own pattern there.
  const route = layers.findLast(({ methods }) => methods.includes(ctx.method));
  return typeof route?.path === 'string' ? route.path : undefined;
}
