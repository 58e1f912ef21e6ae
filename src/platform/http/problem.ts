import { trace } from '@opentelemetry/api';
import type { Context, Middleware } from 'koa';
import { type FieldFault, presentProblem } from './problem-document.ts';
import type { ProblemCode, StatusOf } from './problem-types.ts';

export interface ProblemExtras {
  readonly errors?: readonly FieldFault[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An answer that is an error: a `code` of some catalogue, its status, and a sentence that says what to do next (RFC 9457). */
export class Problem<Code extends ProblemCode = ProblemCode> extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: Code;
  readonly extras: ProblemExtras;

  constructor(status: StatusOf<Code>, code: Code, detail: string, extras: ProblemExtras = {}) {
    super(detail, { cause: extras.cause });
    this.status = status;
    this.code = code;
    this.extras = extras;
  }
}

/**
 * The only place that turns a thrown value into an answer. `translate` maps the application's own errors;
 * what stays unknown is a 500 that shows nothing of the inside and goes to `report`.
 */
export function problems({
  translate,
  report,
}: {
  translate: (error: unknown) => Problem | undefined;
  report: (error: unknown) => void;
}): Middleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status >= 400 && ctx.body == null) throw unroutable(ctx);
    } catch (error) {
      const problem = error instanceof Problem ? error : (translate(error) ?? unknownProblem(error, report));
      renderProblem(ctx, problem);
    }
  };
}

/** The router's own answers: nothing there, or not by this method. */
function unroutable(ctx: Context): Problem {
  if (ctx.status === 404)
    return new Problem(404, 'not_found', `Nothing is served at ${ctx.path}; check the address.`);
  // The router says 501 for TRACE even where GET is served, and lists in Allow what is.
  if (ctx.status === 501 && ctx.response.get('Allow') === '')
    return new Problem(501, 'method_unknown', `${ctx.method} is not served anywhere here; use GET or POST.`);
  return new Problem(405, 'method_not_allowed', 'Use one of the methods in the Allow header.');
}

function unknownProblem(error: unknown, report: (error: unknown) => void): Problem {
  report(error);
  return new Problem(
    500,
    'internal',
    'Something went wrong here; repeat the request with the same Idempotency-Key.',
  );
}

function renderProblem(ctx: Context, problem: Problem): void {
  const span = trace.getActiveSpan()?.spanContext();
  ctx.status = problem.status;
  ctx.set(problem.extras.headers ?? {});
  ctx.body = JSON.stringify(
    presentProblem({
      ...membersOf(problem),
      instance: ctx.state.requestId,
      trace_id: span?.traceId,
      span_id: span?.spanId,
    }),
  );
  ctx.type = 'application/problem+json';
}

/** What is the same whenever this problem occurs: nothing in it belongs to one request. */
export function membersOf({ status, code, message, extras }: Problem) {
  return { status, code, detail: message, errors: extras.errors };
}
