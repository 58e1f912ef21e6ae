import { ApplicationFailure } from '@temporalio/common';

/** The run cannot go on and repeating would not help; the message tells the reader of the Web UI what to look at. */
export function runDefect(
  type: 'OrderNotFound' | 'OrderStateConflict' | 'TransactionNotFound' | 'TransactionStateConflict',
  message: string,
): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true });
}

export function orderNotFound(orderId: string): ApplicationFailure {
  return runDefect(
    'OrderNotFound',
    `Postgres has no order ${orderId}: was the event forged, or the database restored?`,
  );
}
