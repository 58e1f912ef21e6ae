import { type StuckOrder, type StuckReason, stuckReasons } from '../order/stuck.ts';
import { askedGauge } from '../platform/asked-gauge.ts';
import type { Logger } from '../platform/logger.ts';
import { counter, gauge } from '../platform/metrics.ts';

// As src/facts.ts: one function per fact, the figure and the line together.

const stuckOrders = gauge('stuck_orders', 'Orders that do not go on by themselves, up to 1,000', ['reason']);
const becameStuck = counter('orders_stuck_total', 'Times that an order became stuck', {
  reason: stuckReasons,
});
const skippedLooks = counter('watchdog_looks_skipped_total', 'Looks for stuck orders that met an outage');
const reconciliations = counter('reconciliations_total', 'Comparisons of all sides', {
  outcome: ['finished', 'failed'],
});

export const mostOpenOrders = 100_000;
export const openOrders = askedGauge('orders_open', 'Orders that have not ended, counted up to 100,000', [
  'status',
]);
// Asked for, not set by whoever compared: another keeper, or this one begun anew, has to say the same.
export const differencesFound = askedGauge(
  'reconciliation_differences',
  'What the last comparison of all sides found',
  [],
);
export const consumerLag = askedGauge(
  'kafka_consumer_lag',
  'Records of a topic that a consumer group has not committed',
  ['group', 'topic', 'partition'],
);

/** Told once, until it can be measured again. */
export function lagNotMeasured(log: Logger, error: unknown): void {
  log.warn({ err: error }, 'consumer lag not measured, it is left out');
}

export function orderStuck(log: Logger, { orderId, reason, since, detail }: StuckOrder): void {
  becameStuck.inc({ reason });
  log.warn({ order_id: orderId, reason, since, detail }, 'order stuck');
}

export function orderNoLongerStuck(log: Logger, { orderId, reason, since }: StuckOrder): void {
  log.info({ order_id: orderId, reason, since }, 'order no longer stuck');
}

export function stuckMeasured(counts: Readonly<Record<StuckReason, number>>): void {
  for (const [reason, orders] of Object.entries(counts)) stuckOrders.set({ reason }, orders);
}

/** Old counts would hold an alert that is over. */
export function stuckNotMeasured(): void {
  stuckOrders.reset();
}

/** Told once, until a look ends well again. */
export function lookSkipped(log: Logger, { error, retryMs }: { error: unknown; retryMs: number }): void {
  skippedLooks.inc();
  log.warn({ err: error, retry_ms: retryMs }, 'not all looked at that may be stuck');
}

export function reconciliationFinished(
  log: Logger,
  { id, counts, differences, seconds }: { id: string; counts: object; differences: number; seconds: number },
): void {
  reconciliations.inc({ outcome: 'finished' });
  const fields = { reconciliation_id: id, ...counts, differences, duration_ms: Math.round(seconds * 1_000) };
  if (differences > 0) log.warn(fields, 'sides differ');
  else log.info(fields, 'sides agree');
}

export function reconciliationFailed(
  log: Logger,
  { error, retryMs }: { error: unknown; retryMs: number },
): void {
  reconciliations.inc({ outcome: 'failed' });
  log.warn({ err: error, retry_ms: retryMs }, 'reconciliation not possible yet');
}
