import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineUpdate,
  patched,
  proxyLocalActivities,
  setHandler,
} from '@temporalio/workflow';
import { RootCancellationScope } from '@temporalio/workflow/lib/cancellation-scope.js';
import type { OrderActivities } from '../activities/index.ts';
import { statement } from './activity-options.ts';
import { wakeUpdate } from './contract.ts';

const { readStopped, requestCancel } = proxyLocalActivities<OrderActivities>(statement);

/** What keeps a run from charging and completing its order. */
export interface Stop {
  /** True once Postgres says so: nobody stops an order but by its mark there. */
  readonly isAsked: boolean;
  /** True when the run itself was asked to cancel, in the Web UI or on a command line, and its order could be. */
  readonly isOfRun: boolean;
  /** Runs `work`, which is asked to end early when the order is to be stopped. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Answers those who wait for the run to have stopped. */
  finish(): Promise<void>;
}

/** Called in the run's outermost scope, whose cancellation it hears. */
export function listenForStop(orderId: string): Stop {
  let isAsked = false;
  let isOfRun = false;
  let isFinished = false;
  let underWay: CancellationScope | undefined;
  let marking = Promise.resolve();
  const stop = () => {
    isAsked = true;
    underWay?.cancel();
  };

  setHandler(defineUpdate<boolean>(wakeUpdate), () =>
    CancellationScope.nonCancellable(async () => {
      if (!isAsked && (await readStopped(orderId))) stop();
      if (isAsked) await condition(() => isFinished);
      return isAsked;
    }),
  );
  const mark = async () => {
    // Runs from before this was heard have gone on to their end.
    if (!patched('cancel-of-run') || !(await requestCancel(orderId))) return;
    isOfRun = true;
    stop();
  };
  CancellationScope.current().cancelRequested.catch(() => {
    marking = CancellationScope.nonCancellable(mark);
  });

  return {
    get isAsked() {
      return isAsked;
    },
    get isOfRun() {
      return isOfRun;
    },
    during: async (work) => {
      // Not a child of the run's: in histories without the SDK's flag 1 a child hears the run's cancel request through any
      // scope between, and runs from before it was heard must not.
      underWay = new RootCancellationScope();
      try {
        return await underWay.run(work);
      } finally {
        underWay = undefined;
      }
    },
    finish: async () => {
      isFinished = true;
      await marking;
      await condition(allHandlersFinished);
    },
  };
}
