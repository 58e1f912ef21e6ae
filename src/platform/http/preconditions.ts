import type { Context } from 'koa';
import { Problem } from './problem.ts';

const entityTag = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/** True when If-Match names states; `*` is any. */
export function insistsOnState(ctx: Context): boolean {
  return !['', '*'].includes(ctx.get('if-match').trim());
}

/** 428 without If-Match: who changes it says which state of it is meant (RFC 6585 §3). */
export function requireCondition(ctx: Context): void {
  if (ctx.get('if-match').trim() !== '') return;
  const detail = 'Send If-Match with the ETag of the state that you have read, or * for any state.';
  throw new Problem(428, 'precondition_required', detail);
}

/** 412 unless If-Match is absent, `*`, or names `tag`; by strong comparison, so a weak tag never matches (RFC 9110 §13.1.1). */
export function requireMatch(ctx: Context, tag: string): void {
  if (!insistsOnState(ctx)) return;
  const isNamed = [...ctx.get('if-match').matchAll(entityTag)].some(
    ([, weak, opaque]) => weak === undefined && opaque === tag,
  );
  if (!isNamed) throw preconditionFailed(tag);
}

export function preconditionFailed(tag: string): Problem {
  const detail = `If-Match names none of the resource's states; it is ${tag} now. Read it again and decide anew.`;
  return new Problem(412, 'precondition_failed', detail, { headers: { ETag: tag } });
}

/** True when If-None-Match names `tag`, weakly compared: the client has it already (RFC 9110 §13.1.2). */
export function isKnown(ctx: Context, tag: string): boolean {
  const header = ctx.get('if-none-match');
  return header.trim() === '*' || [...header.matchAll(entityTag)].some(([, , opaque]) => opaque === tag);
}
