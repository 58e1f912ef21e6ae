import { z } from 'zod';
import { eventId } from '../core/id.ts';
import { isFinal, type Order } from '../order/order.ts';
import { steps } from '../order/steps.ts';
import type { FailedAttempt, TimelineEntry } from '../store/timeline.ts';

const entry = z.object({
  version: z.int().min(1).meta({ description: 'Of the order, from this step on' }),
  step: z.string().meta({ 'x-extensible-enum': steps }),
  at: z.iso.datetime(),
  detail: z.record(z.string(), z.unknown()).meta({
    description:
      'What belongs to the step: `event` {id, type}, `record` {topic, partition, offset}, `workflow_id`, `run_id`, `payment_id`, `refund_id`, `error`, `reason`, `trace_id`',
  }),
});

const attempt = z.object({
  step: z.string().meta({ description: '`charge`, `find_charge` or `refund`' }),
  attempt: z.int().min(1),
  error: z.string(),
  at: z.iso.datetime(),
  next_attempt_at: z.iso
    .datetime()
    .nullable()
    .meta({ description: 'null when there is none, since the order has gone on' }),
});

export const timelineAnswer = z
  .object({
    order_id: z.uuid(),
    items: z.array(entry).meta({ description: 'Oldest first' }),
    last_failed_attempt: attempt
      .nullable()
      .meta({ description: 'What went wrong last, in a step that is repeated until it succeeds' }),
  })
  .meta({ id: 'Timeline' });

interface Known {
  readonly steps: readonly TimelineEntry[];
  readonly failedAttempt: FailedAttempt | undefined;
}

/** The first step is the order itself: it has no row of its own, so that accepting an order writes no more than it must. */
export function presentTimeline(
  order: Order,
  { steps, failedAttempt }: Known,
): z.input<typeof timelineAnswer> {
  const accepted = {
    version: 1,
    step: 'accepted',
    at: order.createdAt,
    detail: {
      event: { id: eventId(order.id, 'order.created'), type: 'order.created' },
      trace_id: order.traceId,
      request_id: order.correlationId,
    },
  };
  return {
    order_id: order.id,
    items: [accepted, ...steps].map(({ version, step, at, detail }) => ({
      version,
      step,
      at: at.toISOString(),
      detail: forCustomers(detail),
    })),
    last_failed_attempt:
      failedAttempt === undefined
        ? null
        : {
            step: failedAttempt.step,
            attempt: failedAttempt.attempt,
            error: failedAttempt.error,
            at: failedAttempt.at.toISOString(),
            next_attempt_at: isFinal(order.status) ? null : (failedAttempt.next_at?.toISOString() ?? null),
          },
  };
}

/** Who among the operators asked for it is the log's business. */
function forCustomers({ by: _, ...detail }: TimelineEntry['detail']) {
  return detail;
}
