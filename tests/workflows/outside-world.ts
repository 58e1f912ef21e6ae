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
    completeOrder: async () => {},
    failOrder: async () => {},
  };
  const world = { ...wellMeaning, ...changes };
  const noted =
    <Argument, Result>(name: keyof Activities, act: (argument: Argument) => Promise<Result>) =>
    (argument: Argument): Promise<Result> => {
      calls.push({ name, attempt: activityInfo().attempt, argument });
      return act(argument);
    };
  const activities: Activities = {
    beginOrder: noted('beginOrder', world.beginOrder),
    chargeOrder: noted('chargeOrder', world.chargeOrder),
    findCharge: noted('findCharge', world.findCharge),
    completeOrder: noted('completeOrder', world.completeOrder),
    failOrder: noted('failOrder', world.failOrder),
  };
  return { activities, calls };
}

export function begunOrder(orderId: string): BegunOrder {
  return { orderId, amountCents: 4_200, currency: 'EUR', merchantId: null, paymentGiveUpAfterMs: dayMs };
}

/** What an activity throws when its dependency gives no answer. */
export function unavailable(): ApplicationFailure {
  return ApplicationFailure.retryable('gave no outcome', 'PaymentUnavailableError');
}
