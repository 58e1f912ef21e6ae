import { z } from 'zod';
import { type StuckOrder, type StuckReason, stuckReasons } from '../order/stuck.ts';
import type { Reconciliation } from '../store/reconciliations.ts';

const reason = z.string().meta({ 'x-extensible-enum': stuckReasons });

export const stuckAnswer = z
  .object({
    items: z
      .array(
        z.object({
          order_id: z.string().meta({ description: 'As the order, its event or its run has it' }),
          reason,
          since: z.iso.datetime(),
          detail: z.record(z.string(), z.unknown()).meta({ description: 'What else is known of it' }),
        }),
      )
      .meta({ description: 'Those first that are stuck for longest; 1,000 at most' }),
    totals: z.record(z.string(), z.int().min(0)).meta({ description: 'How many for each reason' }),
  })
  .meta({ id: 'StuckOrders' });

export function presentStuck(
  orders: readonly StuckOrder[],
  totals: Readonly<Record<StuckReason, number>>,
): z.input<typeof stuckAnswer> {
  return {
    items: orders.map(({ orderId, since, ...rest }) => ({
      order_id: orderId,
      since: since.toISOString(),
      ...rest,
    })),
    totals,
  };
}

const request = z.object({
  id: z.uuid(),
  requested_at: z.iso.datetime(),
  started_at: z.iso.datetime().nullable().meta({ description: 'null while it waits for a keeper' }),
  last_error: z
    .string()
    .nullable()
    .meta({ description: 'Why the last attempt came to nothing; it is repeated' }),
});

export const requestAnswer = request.meta({ id: 'ReconciliationRequest' });

export const reconciliationAnswer = z
  .object({
    report: request
      .omit({ last_error: true })
      .extend({
        finished_at: z.iso.datetime(),
        age_seconds: z.int().min(0),
        counts: z.record(z.string(), z.int().min(0)).meta({
          description:
            'What was compared: `orders`, `transactions`, `captures`, `refunds`, `runs` that are open, `events`',
        }),
        differences_total: z.int().min(0),
        differences: z
          .array(
            z.object({ kind: z.string(), order_id: z.string(), detail: z.record(z.string(), z.unknown()) }),
          )
          .meta({ description: 'Of orders; of all the first 1,000' }),
        transaction_differences: z.array(
          z.object({
            kind: z.string(),
            transaction_id: z.string(),
            detail: z.record(z.string(), z.unknown()),
          }),
        ),
      })
      .meta({ id: 'ReconciliationReport' })
      .nullable()
      .meta({ description: 'The last one; null before the first' }),
    under_way: requestAnswer.nullable().meta({ description: 'null when nobody has asked for another' }),
  })
  .meta({ id: 'Reconciliation' });

export function presentRequest(one: Reconciliation): z.input<typeof requestAnswer> {
  return {
    id: one.id,
    requested_at: one.requested_at.toISOString(),
    started_at: one.started_at?.toISOString() ?? null,
    last_error: one.last_error,
  };
}

export function presentReconciliations(
  { finished, open }: { finished: Reconciliation | undefined; open: Reconciliation | undefined },
  now: Date,
): z.input<typeof reconciliationAnswer> {
  return {
    report: presentReport(finished, now),
    under_way: open === undefined ? null : presentRequest(open),
  };
}

function presentReport(
  finished: Reconciliation | undefined,
  now: Date,
): z.input<typeof reconciliationAnswer>['report'] {
  if (finished?.finished_at == null) return null;
  const { last_error: _, ...rest } = presentRequest(finished);
  const differences = finished.differences ?? [];
  return {
    ...rest,
    finished_at: finished.finished_at.toISOString(),
    age_seconds: Math.max(0, Math.floor((now.getTime() - finished.finished_at.getTime()) / 1_000)),
    counts: finished.counts ?? {},
    differences_total: finished.differences_total ?? 0,
    differences: differences.filter((one) => 'order_id' in one),
    transaction_differences: differences.filter((one) => 'transaction_id' in one),
  };
}
