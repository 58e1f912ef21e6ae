import type { Order } from './order/order.ts';
import type { Logger } from './platform/logger.ts';
import { beginAtZero, counter, gauge, histogram } from './platform/metrics.ts';

// One function per business fact: the counter (closed sets of labels) and the line (everything) cannot drift apart.

const created = counter('orders_created_total', 'Orders accepted');
const hits = counter('idempotency_hits_total', 'Requests answered from an earlier one with the same key');
const swept = counter('idempotency_keys_swept_total', 'Idempotency keys forgotten after their time');
const processed = counter('orders_processed_total', 'Orders that reached a final status', {
  status: ['completed', 'failed', 'canceled'],
});
const cancelRequests = counter('order_cancel_requests_total', 'Cancels of orders in processing');
const unknownPayments = counter('payments_unknown_total', 'Orders whose payment outcome became unknown');
const refunds = counter('order_refunds_total', 'Orders refunded as a whole');
const stuckRefunds = counter(
  'order_refunds_stuck_total',
  'Refunds that did not get through in several attempts',
);
const identityFailures = counter(
  'identity_provider_failures_total',
  'Fetches of the issuer’s keys that failed',
);
const limitFailures = counter('rate_limit_share_failures_total', 'Times that limits stopped being shared');
const repairs = counter('order_repairs_total', 'Repairs that operators asked for', ['verb', 'outcome']);
const admissionOpen = gauge('admission_open', '1 while new orders are taken, 0 while they are refused');
const breakerState = gauge('circuit_breaker_state', '0 closed, 1 half-open, 2 open', ['name']);
const breakerTransitions = counter('circuit_breaker_transitions_total', 'Times that a breaker moved', [
  'name',
  'to',
]);
const breakerShareFailures = counter(
  'circuit_breaker_share_failures_total',
  'Times that breakers stopped being shared',
  ['name'],
);
const processingSeconds = histogram(
  'worker_processing_duration_seconds',
  'Time of one attempt of an activity',
  ['activity'],
);
const retries = counter('worker_retries_total', 'Attempts of activities after the first', ['activity']);

export function orderAccepted(log: Logger, order: Order): void {
  created.inc();
  log.info(
    {
      order_id: order.id,
      amount_cents: order.amountCents,
      currency: order.currency,
    },
    'order accepted',
  );
}

export function acceptReplayed(
  log: Logger,
  { subject, id, accountId }: { subject: string; id: string; accountId?: string },
): void {
  hits.inc();
  log.info({ [`${subject}_id`]: id, account_id: accountId }, 'answer replayed');
}

/** While the address is left alone after a failure nothing is told. */
export function identityProviderFailed(log: Logger, error: unknown): void {
  identityFailures.inc();
  log.warn({ err: error }, 'keys of the tokens’ issuer not fetched, requests are refused');
}

/** Told once, until the limits are shared again. */
export function limitsNotShared(log: Logger, error: unknown): void {
  limitFailures.inc();
  log.warn({ err: error }, 'limits not shared, each process keeps its own');
}

export function orderBegun(log: Logger, orderId: string): void {
  log.info({ order_id: orderId }, 'order begun');
}

/** Once, by the request that changed the order: it is canceled, or will be once what was charged is given back. */
export function cancelDecided(log: Logger, order: Order): void {
  if (order.status === 'canceled') {
    orderEnded(log, order);
  } else {
    cancelRequests.inc();
    log.info({ order_id: order.id }, 'cancel requested');
  }
}

/** The provider may have charged, or not: it is asked until it says. */
export function paymentUnknown(log: Logger, orderId: string): void {
  unknownPayments.inc();
  log.warn({ order_id: orderId }, 'payment outcome unknown');
}

export function refundMade(log: Logger, { orderId, refundId }: { orderId: string; refundId: string }): void {
  refunds.inc();
  log.info({ order_id: orderId, refund_id: refundId }, 'order refunded');
}

/** It goes on trying, but somebody has to look. */
export function refundStuck(log: Logger, { orderId, error }: { orderId: string; error: unknown }): void {
  stuckRefunds.inc();
  log.error({ order_id: orderId, err: error }, 'refund does not get through');
}

export function attemptNotKept(log: Logger, { orderId, error }: { orderId: string; error: unknown }): void {
  log.warn({ order_id: orderId, err: error }, 'failed attempt not shown on its order');
}

export function orderEnded(log: Logger, { id, status, failureReason }: Order): void {
  processed.inc({ status });
  log.info({ order_id: id, status, reason: failureReason }, 'order ended');
}

export function admissionWatched(): void {
  admissionOpen.set(1);
}

export function admissionClosed(
  log: Logger,
  load: { reason: string; unsentEvents: number; oldestEventMs: number; openOrders: number },
): void {
  admissionOpen.set(0);
  const { reason, unsentEvents, oldestEventMs, openOrders } = load;
  const figures = { unsent_events: unsentEvents, oldest_event_ms: oldestEventMs, open_orders: openOrders };
  log.warn({ reason, ...figures }, 'new orders refused');
}

export function admissionOpened(log: Logger): void {
  admissionOpen.set(1);
  log.info({}, 'new orders taken again');
}

export function orderRepaired(
  log: Logger,
  { orderId, verb, outcome, caller }: { orderId: string; verb: string; outcome: string; caller: string },
): void {
  repairs.inc({ verb, outcome });
  log.info({ order_id: orderId, verb, outcome, caller }, 'order repaired by operator');
}

export function reconciliationRequested(log: Logger, { id, caller }: { id: string; caller: string }): void {
  log.info({ reconciliation_id: id, caller }, 'reconciliation requested');
}

export function keysSwept(log: Logger, count: number): void {
  swept.inc(count);
  log.info({ keys: count }, 'expired idempotency keys forgotten');
}

export function sweepFailed(log: Logger, { error, retryMs }: { error: unknown; retryMs: number }): void {
  log.warn({ err: error, retry_ms: retryMs }, 'expired idempotency keys not forgotten yet');
}

const breakerLevels = { closed: 0, half_open: 1, open: 2 } as const;
type BreakerState = keyof typeof breakerLevels;

export function breakerWatched(name: string): void {
  breakerState.set({ name }, breakerLevels.closed);
  beginAtZero(breakerTransitions, { name: [name], to: Object.keys(breakerLevels) });
  beginAtZero(breakerShareFailures, { name: [name] });
}

export function breakerMoved(
  log: Logger,
  {
    name,
    from,
    to,
    failures,
    isProof,
  }: { name: string; from: BreakerState; to: BreakerState; failures: number; isProof: boolean },
): void {
  breakerState.set({ name }, breakerLevels[to]);
  breakerTransitions.inc({ name, to });
  const fields = { breaker: name, from, to, failures, own: isProof };
  if (to === 'open') log.warn(fields, 'circuit breaker opened');
  else log.info(fields, 'circuit breaker moved');
}

/** Told once, until it is shared again. */
export function breakerNotShared(log: Logger, { name, error }: { name: string; error: unknown }): void {
  breakerShareFailures.inc({ name });
  log.warn({ breaker: name, err: error }, 'circuit breaker not shared, this process goes by its own calls');
}

export function breakersReset(log: Logger, { names, caller }: { names: string[]; caller: string }): void {
  log.warn({ breakers: names, caller }, 'circuit breakers reset');
}

/** Nobody has repeated any of them yet. */
export function activitiesServed(activities: readonly string[]): void {
  beginAtZero(retries, { activity: activities });
}

/** Seconds of one attempt; `attempt` counts from 1. */
export function activityAttempted(fact: { activity: string; attempt: number; seconds: number }): void {
  const { activity, attempt, seconds } = fact;
  processingSeconds.observe({ activity }, seconds);
  if (attempt > 1) activityRepeated(activity);
}

/** By Temporal, or by a run that counts its attempts itself. */
export function activityRepeated(activity: string): void {
  retries.inc({ activity });
}
