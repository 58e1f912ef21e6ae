import type { Logger } from '../platform/logger.ts';
import { counter } from '../platform/metrics.ts';
import type { Decision } from './decide.ts';

const charges = counter('payment_charges_total', 'Charges answered, by outcome', ['outcome']);
const refunds = counter('payment_refunds_total', 'Refunds answered, by outcome', ['outcome']);

export function chargeDecided(log: Logger, { entry, isReplay }: Decision): void {
  const outcome = isReplay ? 'replayed' : entry.kind === 'decline' ? 'declined' : 'captured';
  charges.inc({ outcome });
  log.info({ order_id: entry.orderId, charge_id: entry.id, outcome }, 'charge decided');
}

export function refundDecided(log: Logger, { entry, isReplay }: Decision): void {
  const outcome = isReplay ? 'replayed' : 'refunded';
  refunds.inc({ outcome });
  log.info(
    { order_id: entry.orderId, charge_id: entry.chargeId, refund_id: entry.id, outcome },
    'refund decided',
  );
}
