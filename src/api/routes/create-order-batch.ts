import type { Context } from 'koa';
import { readJson } from '../../platform/http/json-body.ts';
import { membersOf, Problem } from '../../platform/http/problem.ts';
import { presentProblem } from '../../platform/http/problem-document.ts';
import { parseBody } from '../../platform/http/validation.ts';
import { fingerprint } from '../fingerprint.ts';
import { translateError } from '../problems.ts';
import { claimOnce } from './claim-once.ts';
import type { Intake } from './create-order.ts';
import type { PlacingRoutes } from './orders.ts';
import { type Accepted, newPlacement, place } from './place.ts';

/** How an address takes many orders at once. */
export interface BatchIntake extends Intake {
  /** The orders in a body; throws the Problem of a body that has none. */
  readonly list: (body: unknown) => readonly unknown[];
  /** Where in a body they stand. */
  readonly at: readonly PropertyKey[];
}

/**
 * 207 with one result for each order: 202 and the order, or its problem. Item n has the key `<key>#n`: a repeat places what
 * the first try did not come to, and shows the rest as it was.
 */
export async function createOrderBatch(
  deps: PlacingRoutes,
  ctx: Context,
  { operation, readKey, order: schema, list, at }: BatchIntake,
): Promise<void> {
  deps.admission.admit();
  const key = readKey(ctx);
  const body = await readJson(ctx);
  // All of them are checked before the first is written.
  const items = list(body).map((order, index) => {
    const claim = {
      // Of another name than the batch's own key: `a#1` may be some other batch.
      operation: `${operation}, item`,
      key: `${key}#${index}`,
      fingerprint: fingerprint(order),
      ttlMs: deps.idempotencyTtlMs,
    };
    try {
      return newPlacement(ctx, parseBody(schema, order, [...at, index]), claim);
    } catch (error) {
      return problemOf(error);
    }
  });
  // A key belongs to what was done under it; where nothing can be, it stays free.
  if (items.some((item) => !(item instanceof Problem))) await claimOnce(deps, ctx, { operation, key, body });
  // The store takes them in chunks, one statement each.
  const results = await Promise.all(
    items.map((item) => (item instanceof Problem ? item : place(deps, item).catch(problemOf))),
  );
  deps.signal();
  answer(ctx, results);
}

/** What one order's failure is in its result; what is nobody's problem fails the request. */
function problemOf(error: unknown): Problem {
  const problem = error instanceof Problem ? error : translateError(error);
  if (problem === undefined) throw error;
  return problem;
}

function answer(ctx: Context, results: readonly (Accepted | Problem)[]): void {
  const accepted = results.flatMap((result) => (result instanceof Problem ? [] : [result]));
  if (accepted.length > 0 && accepted.every(({ isReplayed }) => isReplayed))
    ctx.set('Idempotent-Replayed', 'true');
  // Some can still be placed, by the same request again.
  if (
    results.some(
      (result) => result instanceof Problem && result.extras.headers?.['Retry-After'] !== undefined,
    )
  )
    ctx.set('Retry-After', '1');
  const texts = results.map((result, index) =>
    result instanceof Problem
      ? JSON.stringify({ index, status: result.status, problem: presentProblem(membersOf(result)) })
      : `{"index":${index},"status":202,"order":${result.response}}`,
  );
  ctx.status = 207;
  ctx.body = `{"results":[${texts.join(',')}]}`;
  ctx.type = 'application/json';
}
