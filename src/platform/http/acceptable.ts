import type { Context, Next } from 'koa';
import { Problem } from './problem.ts';

const usual = new Set(['', '*/*', 'application/json']);

/** 406 for a client that takes no JSON. */
export function requireJsonAccepted(ctx: Context, next: Next): Promise<unknown> {
  if (!usual.has(ctx.get('accept')) && !ctx.accepts('application/json', 'application/problem+json'))
    throw new Problem(406, 'not_acceptable', 'Answers are JSON; accept application/json.');
  return next();
}
