import { firstPauseMs } from '../platform/begin-anew.ts';

/** What failed is left alone for a while: each pause is twice as long as the one before, until a success. */
export interface Pauses {
  /** Names in their pause now. */
  readonly now: () => readonly string[];
  /** True while something that failed has not succeeded since, in its pause or not. */
  readonly isAny: () => boolean;
  /** Until the first pause ends; infinite without any. */
  readonly endsInMs: () => number;
  /** Returns the pause that begins, in ms. */
  failed(name: string): number;
  succeeded(name: string): void;
}

export function createPauses(longestMs: number): Pauses {
  const pauses = new Map<string, { readonly ms: number; readonly until: number }>();
  const underWay = () => Array.from(pauses).filter(([, { until }]) => until > performance.now());
  return {
    now: () => underWay().map(([name]) => name),
    isAny: () => pauses.size > 0,
    endsInMs: () => Math.min(...underWay().map(([, { until }]) => until - performance.now())),
    failed(name) {
      const last = pauses.get(name);
      const ms = last === undefined ? firstPauseMs : Math.min(last.ms * 2, longestMs);
      pauses.set(name, { ms, until: performance.now() + ms });
      return ms;
    },
    succeeded(name) {
      pauses.delete(name);
    },
  };
}
