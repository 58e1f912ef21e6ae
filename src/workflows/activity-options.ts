import {
  ActivityCancellationType,
  type ActivityOptions,
  type LocalActivityOptions,
} from '@temporalio/workflow';

const retryForEver = { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' } as const;

/** One short, idempotent statement in Postgres; while Postgres is down it is tried again without end. */
export const statement: LocalActivityOptions = {
  // The design's limit for a statement with its repeats.
  startToCloseTimeout: '20s',
  retry: retryForEver,
};

/** Longer than an attempt that nobody waits for any more can last: start-to-close, and as much again. */
export const lastAttempt = '10s';

/** One call to the payment service. */
export const paymentCall = {
  // The provider answers within 4 s or not at all; the rest is ours.
  startToCloseTimeout: '5s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
  // A charge under way must be waited for: abandoned, its outcome would be unknown.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} satisfies ActivityOptions;
