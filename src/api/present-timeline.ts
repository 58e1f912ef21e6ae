import { z } from 'zod';
import { eventId } from '../core/id.ts';
import { isSettled, type Transaction, transactionSteps } from '../ledger/transaction.ts';
import { isFinal, type Order } from '../order/order.ts';
import { steps } from '../order/steps.ts';
import type { FailedAttempt, TimelineEntry } from '../store/timeline.ts';

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

const history = (what: string, names: readonly string[], parts: readonly string[]) => {
  const entry = z.object({
    version: z
      .int()
      .min(1)
      .meta({ description: `Of the ${what}, from this step on` }),
    step: z.string().meta({ 'x-extensible-enum': names }),
    at: z.iso.datetime(),
    detail: z.record(z.string(), z.unknown()).meta({
      description: `What belongs to the step: \`event\` {id, type}, \`record\` {topic, partition, offset}, ${parts.map((part) => `\`${part}\``).join(', ')}`,
    }),
  });
  return {
    items: z.array(entry).meta({ description: 'Oldest first' }),
    last_failed_attempt: attempt
      .nullable()
      .meta({ description: 'What went wrong last, in a step that is repeated until it succeeds' }),
  };
};

const orderParts = ['workflow_id', 'run_id', 'payment_id', 'refund_id', 'error', 'reason', 'trace_id'];
export const timelineAnswer = z
  .object({ order_id: z.uuid(), ...history('order', steps, orderParts) })
  .meta({ id: 'Timeline' });

const transactionParts = ['workflow_id', 'run_id', 'attempts', 'error', 'reason', 'trace_id'];
export const transactionTimelineAnswer = z
  .object({
    transaction_id: z.uuid(),
    ...history('transaction', transactionSteps, transactionParts),
  })
  .meta({ id: 'TransactionTimeline' });

interface Told {
  readonly id: string;
  readonly createdAt: Date;
  readonly traceId: string | null;
  readonly correlationId: string | null;
}

interface Known {
  readonly steps: readonly TimelineEntry[];
  readonly failedAttempt: FailedAttempt | undefined;
}

export function presentTimeline(order: Order, known: Known): z.input<typeof timelineAnswer> {
  const told = { created: 'order.created', isOver: isFinal(order.status) };
  return { order_id: order.id, ...presentHistory(order, known, told) };
}

export function presentTransactionTimeline(
  transaction: Transaction,
  known: Known,
): z.input<typeof transactionTimelineAnswer> {
  const told = { created: 'transaction.created', isOver: isSettled(transaction.status) };
  return { transaction_id: transaction.id, ...presentHistory(transaction, known, told) };
}

/** The first step is the subject itself: it has no row of its own, so that accepting it writes no more than it must. */
function presentHistory(
  { id, createdAt, traceId, correlationId }: Told,
  { steps, failedAttempt }: Known,
  { created, isOver }: { created: string; isOver: boolean },
) {
  const accepted = {
    version: 1,
    step: 'accepted',
    at: createdAt,
    detail: {
      event: { id: eventId(id, created), type: created },
      trace_id: traceId,
      request_id: correlationId,
    },
  };
  return {
    items: [accepted, ...steps].map(({ version, step, at, detail }) => ({
      version,
      step,
      at: at.toISOString(),
      // A step that some other request brought has that one's.
      detail: { trace_id: traceId, ...forCustomers(detail) },
    })),
    last_failed_attempt:
      failedAttempt === undefined
        ? null
        : {
            step: failedAttempt.step,
            attempt: failedAttempt.attempt,
            error: failedAttempt.error,
            at: failedAttempt.at.toISOString(),
            next_attempt_at: isOver ? null : (failedAttempt.next_at?.toISOString() ?? null),
          },
  };
}

/** Who among the operators asked for it is the log's business. */
function forCustomers({ by: _, ...detail }: TimelineEntry['detail']) {
  return detail;
}
