import type { Logger } from '../platform/logger.ts';
import { counter } from '../platform/metrics.ts';
import type { Decision } from './decide.ts';
import type { Operation } from './fault-decision.ts';
import { chances, type Fault, type Faults } from './faults.ts';

const charges = counter('payment_charges_total', 'Charges answered, by outcome', {
  outcome: ['captured', 'declined', 'replayed'],
});
const refunds = counter('payment_refunds_total', 'Refunds answered, by outcome', {
  outcome: ['refunded', 'replayed'],
});
const requests = counter(
  'payment_requests_total',
  'Charges, refunds and look-ups asked for, by what befell them',
  { operation: ['charge', 'refund', 'lookup'], fault: ['none', 'outage', ...chances] },
);

/** A delay alone is no fault here: the answer is the right one. */
export function requestAdmitted(log: Logger, operation: Operation, fault: Fault): void {
  requests.inc({ operation, fault });
  if (fault !== 'none') log.info({ operation, fault }, 'fault injected');
}

export function faultsInForce(log: Logger, faults: Faults): void {
  log.info({ ...faults }, 'faults in force');
}

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
