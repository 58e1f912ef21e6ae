import { STATUS_CODES } from 'node:http';
import { trace } from '@opentelemetry/api';
import type { Context, Middleware } from 'koa';

export interface FieldFault {
  /** RFC 6901 pointer into the request body, or `?name` for a query parameter. */
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemExtras {
  readonly errors?: readonly FieldFault[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An answer that is an error: status, a stable `code`, and a sentence that says what to do next (RFC 9457). */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly extras: ProblemExtras;

  constructor(status: number, code: string, detail: string, extras: ProblemExtras = {}) {
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
  if (ctx.status === 501)
    return new Problem(501, 'method_unknown', `${ctx.method} is not served anywhere here; use GET or POST.`);
  return new Problem(ctx.status, 'method_not_allowed', 'Use one of the methods in the Allow header.');
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
  const { errors, ...members } = presentProblem(problem);
  ctx.status = problem.status;
  ctx.set(problem.extras.headers ?? {});
  ctx.body = JSON.stringify({
    ...members,
    instance: ctx.state.requestId,
    trace_id: span?.traceId,
    span_id: span?.spanId,
    errors,
  });
  ctx.type = 'application/problem+json';
}

/** What is the same whenever this problem occurs: nothing in it belongs to one request. */
export function presentProblem({ status, code, message, extras }: Problem) {
  return {
    type: `/problems/${code}`,
    title: STATUS_CODES[status],
    status,
    code,
    detail: message,
    errors: extras.errors,
  };
}
