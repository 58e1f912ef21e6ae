import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { activityAttempted } from '../facts.ts';

/** Counts and times every attempt of every activity, local ones too, whatever it comes to. */
export const measureAttempts: ActivityInterceptorsFactory = ({ info: { activityType, attempt } }) => ({
  inbound: {
    execute: async (input, next) => {
      const started = performance.now();
      try {
        return await next(input);
      } finally {
        const seconds = (performance.now() - started) / 1_000;
        activityAttempted({ activity: activityType, attempt, seconds });
      }
    },
  },
});
