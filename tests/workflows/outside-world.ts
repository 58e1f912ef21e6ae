import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { BegunOrder, OrderActivities, PaymentActivities } from '../../src/activities/index.ts';

type Activities = OrderActivities & PaymentActivities;

export interface OutsideWorld {
  readonly activities: Activities;
  /** Every call from the workflow, in order. */
  readonly calls: { readonly name: keyof Activities; readonly attempt: number; readonly argument: unknown }[];
}

const dayMs = 24 * 3_600_000;

/** Stands for Postgres and the payment service: all goes well, but for what a test says about it. */
export function outsideWorld(orderId: string, changes: Partial<Activities> = {}): OutsideWorld {
  const calls: OutsideWorld['calls'] = [];
  const wellMeaning: Activities = {
    beginOrder: async () => ({ outcome: 'begun', order: begunOrder(orderId) }),
    chargeOrder: async () => ({ outcome: 'captured', chargeId: 'ch_1' }),
    findCharge: async () => ({ outcome: 'none' }),
    refundOrder: async () => 're_1',
    completeOrder: async () => 'ended',
    failOrder: async () => 'ended',
    endStopped: async () => ({ status: 'canceled', reason: 'cancel_requested' }),
    requestCancel: async () => true,
    readStopped: async () => false,
  };
  const noted = ([name, act]: [string, (...given: never[]) => unknown]) => [
    name,
    (...given: never[]) => {
      // The names are those of the activities above.
      calls.push({ name: name as keyof Activities, attempt: activityInfo().attempt, argument: given[0] });
      return act(...given);
    },
  ];
  const activities = Object.fromEntries(Object.entries({ ...wellMeaning, ...changes }).map(noted));
  return { activities: activities as unknown as Activities, calls };
}

export function begunOrder(orderId: string): BegunOrder {
  return { orderId, amountCents: 4_200, currency: 'EUR', merchantId: null, paymentGiveUpAfterMs: dayMs };
}

/** What an activity throws when its dependency gives no answer. */
export function unavailable(): ApplicationFailure {
  return ApplicationFailure.retryable('gave no outcome', 'PaymentUnavailableError');
}
