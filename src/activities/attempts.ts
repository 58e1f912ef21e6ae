import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { attemptNotKept, paymentUnknown, refundStuck } from '../facts.ts';
import {
  PaymentBreakerOpenError,
  PaymentProtocolError,
  PaymentRejectedError,
  PaymentUnavailableError,
} from '../payment/client.ts';
import { redact } from '../platform/redaction.ts';
import { notePayment } from '../store/moves.ts';
import { type AttemptFailure, keepFailedAttempt } from '../store/timeline.ts';
import type { ActivityDeps } from './index.ts';

type PaymentStep = 'charge' | 'find_charge' | 'refund';

export type Attempt = <T>(
  step: PaymentStep,
  order: { readonly orderId: string },
  work: () => Promise<T>,
) => Promise<T>;

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
// Some 15 s of tries one after another; with an open breaker minutes.
const attemptsBeforeStuck = 5;

/** One attempt of a payment step: its failure is shown on the order, and says when the next one comes. */
export function createAttempts({ pool, log }: Pick<ActivityDeps, 'pool' | 'log'>): Attempt {
  return async (step, { orderId }, work) => {
    try {
      return await work();
    } catch (error) {
      // The run asked for the end of this attempt, and will not make another.
      if (cancellationSignal().aborted) throw error;
      const { attempt } = activityInfo();
      const nextInMs = pauseAfter(error, attempt);
      const { name, message: told, stack = '' } = error instanceof Error ? error : new Error(String(error));
      // It is shown to the customer and kept in the history, and the provider may have repeated anything in it.
      const message = redact(told);
      // What it says once more, and where: the history keeps causes too.
      const cause = Object.assign(new Error(message), { name, stack: redact(stack) });
      await show({ step, orderId, attempt, error: message, nextInMs }, error).catch((reason) =>
        attemptNotKept(log, { orderId, error: reason }),
      );
      throw ApplicationFailure.create({
        type: name,
        message,
        nextRetryDelay: nextInMs,
        cause,
      });
    }
  };

  async function show(failure: AttemptFailure, cause: unknown): Promise<void> {
    const { step, orderId, attempt, error } = failure;
    await keepFailedAttempt(pool, failure);
    const learn = (to: 'unknown' | 'refund_failed') => notePayment(pool, { orderId, to, detail: { error } });
    const isStuck = attempt >= attemptsBeforeStuck || cause instanceof PaymentRejectedError;
    if (step === 'charge' && isUnknown(cause) && (await learn('unknown'))) paymentUnknown(log, orderId);
    if (step === 'refund' && isStuck && (await learn('refund_failed')))
      refundStuck(log, { orderId, error: cause });
  }
}

/** The provider may have done it. */
function isUnknown(error: unknown): boolean {
  return (
    error instanceof PaymentUnavailableError ||
    error instanceof PaymentProtocolError ||
    error instanceof PaymentRejectedError
  );
}

/** What the provider or the breaker asks for, with jitter, so that those who waited for it do not all come at once. */
export function pauseAfter(error: unknown, attempt: number): number {
  if (error instanceof PaymentBreakerOpenError) return error.retryAfterMs * (1 + Math.random());
  const own = Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs);
  const asked = error instanceof PaymentUnavailableError ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(own, asked);
}
