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

/** Longer than an attempt that nobody waits for any more can last: start-to-close 5 s, a turn, a budget of up to 4 s. */
export const lastAttempt = '15s';

/** Past it somebody should look why the money does not go back. */
export const refundShouldTake = '1m';

/** One call to the payment service. */
export const paymentCall = {
  // The client's attempt ends within its budget, at most 4 s; the rest is ours.
  startToCloseTimeout: '5s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
  // A charge under way must be waited for: abandoned, its outcome would be unknown.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} satisfies ActivityOptions;
