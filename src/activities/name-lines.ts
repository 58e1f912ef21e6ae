import type { ActivityInterceptorsFactory, WorkerPlugin } from '@temporalio/worker';
import { activeIds } from '../platform/logger.ts';

/** The SDK tells of attempts outside of their traces: its lines get the ids that ours have, and what the run is about. */
const nameLines: ActivityInterceptorsFactory = ({ info: { workflowExecution } }) => {
  let ids = {};
  return {
    inbound: {
      execute: (input, next) => {
        ids = activeIds();
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (input, next) =>
        next({ ...input, ...ids, ...subjectOf(workflowExecution?.workflowId ?? '') }),
    },
  };
};

/** To be named after the one that brings the trace: only within its interceptor is there one. */
export const namedLines: WorkerPlugin = {
  name: 'tbd.named-lines',
  configureWorker: ({ interceptors, ...options }) => ({
    ...options,
    interceptors: { ...interceptors, activity: [...(interceptors?.activity ?? []), nameLines] },
  }),
};

// As workflows/contract.ts makes their ids.
const subject = /^(order|transaction)-(.+)$/;

function subjectOf(workflowId: string): Record<string, string> {
  const [, name, id = ''] = subject.exec(workflowId) ?? [];
  return name === undefined ? {} : { [`${name}_id`]: id };
}
