/** How many failures are too many. */
export interface FailureLimits {
  /** In a row. */
  readonly failures: number;
  /** Of all calls within the window, in per cent; below `minCalls` of them it says nothing. */
  readonly failurePct: number;
  readonly minCalls: number;
  readonly windowMs: number;
}

export interface FailureCounts {
  /** Failures since the last good call. */
  readonly inARow: number;
  /** Counts one call; true when its failure is one too many. */
  add(isFailure: boolean): boolean;
}

interface Slice {
  readonly beganAt: number;
  calls: number;
  failures: number;
}

// The window moves on in steps of this part of it, whatever the number of calls.
const slicesInWindow = 60;

export function createFailureCounts(limits: FailureLimits, now: () => number): FailureCounts {
  const { failures: mostInARow, failurePct, minCalls, windowMs } = limits;
  let slices: Slice[] = [];
  let inARow = 0;

  const currentSlice = (): Slice => {
    const at = now();
    slices = slices.filter(({ beganAt }) => at - beganAt < windowMs);
    const last = slices.at(-1);
    if (last !== undefined && at - last.beganAt < windowMs / slicesInWindow) return last;
    const slice = { beganAt: at, calls: 0, failures: 0 };
    slices.push(slice);
    return slice;
  };

  return {
    get inARow() {
      return inARow;
    },
    add(isFailure) {
      const slice = currentSlice();
      slice.calls += 1;
      if (isFailure) slice.failures += 1;
      inARow = isFailure ? inARow + 1 : 0;
      if (!isFailure) return false;
      const calls = slices.reduce((sum, one) => sum + one.calls, 0);
      const failures = slices.reduce((sum, one) => sum + one.failures, 0);
      return inARow >= mostInARow || (calls >= minCalls && failures * 100 >= failurePct * calls);
    },
  };
}
