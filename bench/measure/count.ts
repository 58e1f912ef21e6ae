import type { Logger } from '../../src/platform/logger.ts';

export interface Count {
  /** For what is counted: it reads its lines and keeps none. */
  readonly log: Logger;
  /** Resolves once so many more have come. */
  next(howMany: number): Promise<void>;
}

const longestMs = 180_000;

/** Counts by the lines that tell of it: `weigh` says how many a line is about, 0 for any other. */
export function countLines(
  weigh: (fields: Readonly<Record<string, unknown>>, message: string) => number,
): Count {
  let missing = 0;
  let done = (): void => {};
  const keep = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    if (missing <= 0) return;
    missing -= weigh(fields, message);
    if (missing <= 0) done();
  };
  return {
    log: { debug: keep, info: keep, warn: keep, error: keep },
    next(howMany) {
      missing = howMany;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      done = resolve;
      const late = setTimeout(
        () => reject(new Error(`${missing} of ${howMany} are still missing after ${longestMs / 1_000} s`)),
        longestMs,
      );
      return promise.finally(() => clearTimeout(late));
    },
  };
}
