import type { Context } from 'koa';
import { acceptReplayed, orderAccepted } from '../../facts.ts';
import { readIdempotencyKey } from '../../platform/http/idempotency-key.ts';
import { readJson } from '../../platform/http/json-body.ts';
import { membersOf, Problem } from '../../platform/http/problem.ts';
import { presentProblem } from '../../platform/http/problem-document.ts';
import { parseBody } from '../../platform/http/validation.ts';
import type { Placement } from '../../store/placement.ts';
import { fingerprint } from '../fingerprint.ts';
import { translateError } from '../problems.ts';
import { type NewOrder, newOrder, newOrderBatch } from '../schemas.ts';
import { claimOnce, keyReused } from './claim-once.ts';
import { newPlacement } from './new-placement.ts';
import type { PlacingRoutes } from './orders.ts';

/**
 * 207 with one result for each order: 202 and the order, or its problem. Item n has the key `<key>#n`: a repeat places what
 * the first try did not come to, and shows the rest as it was.
 */
export async function createOrderBatch(deps: PlacingRoutes, ctx: Context): Promise<void> {
  deps.admission.admit();
  const key = readIdempotencyKey(ctx);
  const body = await readJson(ctx);
  const { orders } = parseBody(newOrderBatch, body);
  const read = (order: unknown, index: number) => parseBody(newOrder, order, ['orders', index]);
  await acceptBatch(deps, ctx, { operation: 'POST /v1/orders/batch', key, body, orders, read });
}

export interface BatchRequest {
  readonly operation: string;
  readonly key: string;
  readonly body: unknown;
  readonly orders: readonly unknown[];
  /** Throws the Problem of an order that is none. */
  readonly read: (order: unknown, index: number) => NewOrder;
}

export async function acceptBatch(
  deps: PlacingRoutes,
  ctx: Context,
  { operation, key, body, orders, read }: BatchRequest,
): Promise<void> {
  // All of them are checked before the first is written.
  const items = orders.map((order, index) => {
    const claim = {
      // Of another name than the batch's own key: `a#1` may be some other batch.
      operation: `${operation}, item`,
      key: `${key}#${index}`,
      fingerprint: fingerprint(order),
      ttlMs: deps.idempotencyTtlMs,
    };
    return orProblem(() => newPlacement(ctx, read(order, index), claim));
  });
  // A key belongs to what was done under it; where nothing can be, it stays free.
  if (items.some((item) => !(item instanceof Problem))) await claimOnce(deps, ctx, { operation, key, body });
  // The store takes them in chunks, one statement each.
  const results = await Promise.all(
    items.map((item) => (item instanceof Problem ? item : placeItem(deps, item))),
  );
  deps.signal();
  answer(ctx, results);
}

interface Accepted {
  /** The order as its first answer had it. */
  readonly response: string;
  readonly isReplayed: boolean;
}

async function placeItem({ placeOrder, log }: PlacingRoutes, item: Placement): Promise<Accepted | Problem> {
  try {
    const placed = await placeOrder(item);
    switch (placed.outcome) {
      case 'placed':
        orderAccepted(log, item.order);
        return { response: item.response, isReplayed: false };
      case 'replayed':
        acceptReplayed(log, placed.orderId);
        return { response: placed.response, isReplayed: true };
      case 'key_reused':
        return keyReused();
      default:
        return placed satisfies never;
    }
  } catch (error) {
    const problem = translateError(error);
    if (problem === undefined) throw error;
    return problem;
  }
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

function orProblem<T>(work: () => T): T | Problem {
  try {
    return work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}
