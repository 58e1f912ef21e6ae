import type { Options } from 'k6/options';
import { placeOrder, thresholds } from './place-order.ts';

// An open model: orders arrive at RATE a second for 10 s, whether or not the earlier ones were answered.
// `run.ts` gives RATE, 10 times the orders a second that the system completed in a short burst just before.
const rate = Number(__ENV.RATE || 500);

export const options: Options = {
  scenarios: {
    spike: {
      executor: 'constant-arrival-rate',
      rate,
      timeUnit: '1s',
      duration: '10s',
      preAllocatedVUs: 100,
      // A ceiling: past it k6 reports dropped iterations rather than eat the machine it shares with the system.
      maxVUs: 400,
    },
  },
  thresholds,
};
export default placeOrder;
