import { ApplicationFailure } from '@temporalio/common';
import { PaymentBreakerOpenError, PaymentUnavailableError } from '../payment/client.ts';

/** The run cannot go on and repeating would not help; the message tells the reader of the Web UI what to look at. */
export function runDefect(type: 'OrderNotFound' | 'OrderStateConflict', message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true });
}

/** Throws `error`, so that the next attempt comes when the payment service may be asked again, where that is known. */
export function waiting(error: unknown): never {
  const nextRetryDelay = delayMs(error);
  if (nextRetryDelay === undefined || !(error instanceof Error)) throw error;
  throw ApplicationFailure.create({ type: error.name, message: error.message, cause: error, nextRetryDelay });
}

function delayMs(error: unknown): number | undefined {
  // Spread out: all that were refused while it was open would come back in one moment.
  if (error instanceof PaymentBreakerOpenError) return error.retryAfterMs * (1 + Math.random());
  return error instanceof PaymentUnavailableError ? error.retryAfterMs : undefined;
}
