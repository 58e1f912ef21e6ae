import { setTimeout } from 'node:timers/promises';

/** Does `work` at once and again `everyMs` after each end, until disposed, which waits for the one under way; `work` does not reject. */
export function repeat(everyMs: number, work: (stop: AbortSignal) => Promise<void>): AsyncDisposable {
  const stop = new AbortController();
  const repeating = (async () => {
    while (!stop.signal.aborted) {
      await work(stop.signal);
      await setTimeout(everyMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await repeating;
    },
  };
}
