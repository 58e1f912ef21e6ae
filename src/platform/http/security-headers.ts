import type { Middleware } from 'koa';

/**
 * For every answer; a page that needs more of the browser, or may be kept, sets its own on top.
 * No Access-Control-* at all: no other site's script may read anything here.
 */
export const securityHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

// One call for all of them, made once: helmet computes a dozen headers per answer, on the path that accepts orders.
const prepared = new Map(Object.entries(securityHeaders));

export const secure: Middleware = (ctx, next) => {
  ctx.res.setHeaders(prepared);
  return next();
};
