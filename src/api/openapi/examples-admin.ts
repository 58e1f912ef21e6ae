import { nothingStuck } from '../../order/stuck.ts';
import { presentReconciliations, presentStuck } from '../present-admin.ts';
import { exampleOrderId, requestId } from './examples.ts';

export const stuckOrders = {
  terminated: {
    summary: 'Somebody terminated the run of an order',
    value: presentStuck(
      [
        {
          orderId: exampleOrderId,
          reason: 'no_run',
          since: new Date('2026-11-21T10:00:03.000Z'),
          detail: { status: 'processing', run: 'terminated' },
        },
      ],
      { ...nothingStuck, no_run: 1 },
    ),
  },
};

export const failureRequests = {
  reason: { summary: 'Why it fails', value: { reason: 'The shop has closed' } },
};

export const reconciliations = {
  found: {
    summary: 'Somebody terminated the run of an order',
    value: presentReconciliations(
      {
        finished: {
          id: requestId,
          requested_at: new Date('2026-11-21T10:10:00.000Z'),
          started_at: new Date('2026-11-21T10:10:02.000Z'),
          finished_at: new Date('2026-11-21T10:10:09.000Z'),
          last_error: null,
          counts: { orders: 1_200, captures: 1_130, refunds: 12, runs: 0, events: 2_400 },
          differences: [{ kind: 'no_run', order_id: exampleOrderId, detail: { status: 'processing' } }],
          differences_total: 1,
        },
        open: undefined,
      },
      new Date('2026-11-21T10:12:09.000Z'),
    ),
  },
};
