import type { Context } from 'koa';
import type { z } from 'zod';
import { readJson } from '../../platform/http/json-body.ts';
import { parseBody } from '../../platform/http/validation.ts';
import { inStep } from '../../platform/telemetry.ts';
import { fingerprint } from '../fingerprint.ts';
import type { NewOrder } from '../schemas.ts';
import type { PlacingRoutes } from './orders.ts';
import { answerAccepted, newPlacement, place } from './place.ts';

/** How an address takes orders. */
export interface Intake {
  /** What its keys belong to. */
  readonly operation: string;
  readonly readKey: (ctx: Context) => string;
  readonly order: z.ZodType<NewOrder>;
}

/** 202 once key, order and event are durable together; a repeat gets the first answer's bytes, another body 422. */
export async function createOrder(
  deps: PlacingRoutes,
  ctx: Context,
  { operation, readKey, order }: Intake,
): Promise<void> {
  deps.admission.admit();
  const key = readKey(ctx);
  const body = await readJson(ctx);
  const given = await inStep('validate', {}, async () => parseBody(order, body));
  const claim = { operation, key, fingerprint: fingerprint(body), ttlMs: deps.idempotencyTtlMs };
  const accepted = await place(deps, newPlacement(ctx, given, claim));
  if (!accepted.isReplayed) deps.signal();
  answerAccepted(ctx, accepted, '/v1/orders');
}
