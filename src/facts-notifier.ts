import type { Logger } from './platform/logger.ts';
import { counter } from './platform/metrics.ts';

// As src/facts.ts, of notifications.

const notifications = counter('notifications_total', 'Events of which a customer is told once', {
  outcome: ['notified', 'duplicate'],
});
const swept = counter('notification_marks_swept_total', 'Marks of notifications forgotten after their time');
const fallbacks = counter('dedup_fallbacks_total', 'Times that marks were looked up without Redis');

/** `isNew`: false when an earlier record of the event had told him. */
export function customerNotified(
  log: Logger,
  { orderId, eventId, isNew }: { orderId: string; eventId: string; isNew: boolean },
): void {
  notifications.inc({ outcome: isNew ? 'notified' : 'duplicate' });
  log.info({ order_id: orderId, event_id: eventId, duplicate: !isNew }, 'customer notified');
}

/** Told once, until Redis answers again. */
export function redisLeftOut(log: Logger, error: unknown): void {
  fallbacks.inc();
  log.warn({ err: error }, 'Redis does not answer, marks are looked up in their topic alone');
}

export function marksRead(log: Logger, { marks, seconds }: { marks: number; seconds: number }): void {
  log.info({ marks, duration_ms: Math.round(seconds * 1_000) }, 'marks read from their topic');
}

export function marksSwept(log: Logger, count: number): void {
  swept.inc(count);
  log.info({ marks: count }, 'old marks of notifications forgotten');
}
