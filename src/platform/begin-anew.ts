import { setTimeout } from 'node:timers/promises';

export const firstPauseMs = 100;

export interface Undertaking {
  readonly stop: AbortSignal;
  readonly longestPauseMs: number;
  /** Ends when it is told to stop, or fails; `onSuccess` says that it has got somewhere. */
  readonly work: (onSuccess: () => void) => Promise<void>;
  readonly onFailure: (error: unknown, pauseMs: number) => void;
}

/** Begins anew what failed, until `stop`; each pause is twice as long, and the first again after a success. */
export async function beginAnew({ stop, longestPauseMs, work, onFailure }: Undertaking): Promise<void> {
  let pauseMs = firstPauseMs;
  while (!stop.aborted) {
    try {
      await work(() => {
        pauseMs = firstPauseMs;
      });
    } catch (error) {
      onFailure(error, pauseMs);
      await setTimeout(pauseMs, undefined, { signal: stop }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }
}
