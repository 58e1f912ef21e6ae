import type { Context } from 'koa';
import { isId } from '../../core/id.ts';
import { isKnown, requireMatch } from '../../platform/http/preconditions.ts';
import { Problem } from '../../platform/http/problem.ts';
import { versionTag } from '../present.ts';

interface Versioned {
  readonly version: number;
}

export function show<Of extends Versioned>(
  ctx: Context,
  subject: Of,
  present: (subject: Of) => object,
): void {
  // Kept by the caller if it likes, but asked for each time: that is what the tag is for.
  ctx.set({ ETag: versionTag(subject), 'Cache-Control': 'no-cache' });
  ctx.body = present(subject);
}

/** 200 with it, 304 when the client's is as new, 412 when it insists on another state. */
export function showIfNew<Of extends Versioned>(
  ctx: Context,
  subject: Of,
  present: (subject: Of) => object,
): void {
  requireMatch(ctx, versionTag(subject));
  show(ctx, subject, present);
  if (isKnown(ctx, versionTag(subject))) ctx.status = 304;
}

/** The id in the path; 400 when it is none. `what` it is the id of stands in the answer. */
export function idInPath(ctx: Context, what: string): string {
  const id = String(ctx.params.id);
  if (isId(id)) return id;
  throw new Problem(400, 'validation_failed', `Send the id of ${what}, as its Location has it.`, {
    errors: [{ pointer: '/id', detail: 'is not a UUID' }],
  });
}
