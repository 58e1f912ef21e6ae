export interface RateLimit {
  /** Requests in the long run. */
  readonly perSecond: number;
  /** Requests at once, of who has asked for nothing during the last burst ÷ perSecond seconds. */
  readonly burst: number;
}

export interface Turn {
  readonly isAllowed: boolean;
  /** Requests that could follow at once. */
  readonly remaining: number;
  /** Whole seconds until there is one more. */
  readonly seconds: number;
}

export interface Buckets {
  /** One request: it counts before anything is awaited, so requests in parallel cannot share a place. */
  take(caller: string): Turn;
  /** What each caller was allowed since the last count; forgets callers whose buckets are full. */
  count(): Map<string, number>;
  /** All processes together took so much that the caller's bucket is full in so many seconds, what `count` has not told yet aside. */
  learn(caller: string, secondsToFull: number): void;
  /** Callers that are remembered. */
  readonly size: number;
}

interface Bucket {
  /** When it is full again, in ms; the one number that a token bucket needs. */
  fullAt: number;
  uncounted: number;
}

// Of a request, or a second: sums of fractions must not cost a caller the last place of a bucket.
const slack = 0.001;

/** A token bucket for each caller. One that other processes drew from too may be in debt, which is paid back like the rest. */
export function createBuckets({ perSecond, burst }: RateLimit, now = () => performance.now()): Buckets {
  const msEach = 1_000 / perSecond;
  const buckets = new Map<string, Bucket>();

  return {
    take(caller) {
      const at = now();
      const bucket = buckets.get(caller) ?? { fullAt: at, uncounted: 0 };
      const fullAt = Math.max(bucket.fullAt, at);
      const places = burst - (fullAt - at) / msEach;
      const isAllowed = places >= 1 - slack;
      if (isAllowed) {
        bucket.fullAt = fullAt + msEach;
        bucket.uncounted += 1;
        buckets.set(caller, bucket);
      }
      const left = isAllowed ? places - 1 : places;
      const remaining = Math.max(0, Math.floor(left + slack));
      const seconds = ((remaining + 1 - left) * msEach) / 1_000;
      return { isAllowed, remaining, seconds: Math.max(1, Math.ceil(seconds - slack)) };
    },

    count() {
      const at = now();
      const counts = new Map<string, number>();
      for (const [caller, bucket] of buckets) {
        if (bucket.uncounted > 0) counts.set(caller, bucket.uncounted);
        else if (bucket.fullAt <= at) buckets.delete(caller);
        bucket.uncounted = 0;
      }
      return counts;
    },

    learn(caller, secondsToFull) {
      const bucket = buckets.get(caller);
      if (bucket === undefined) return;
      const fullAt = now() + secondsToFull * 1_000 + bucket.uncounted * msEach;
      bucket.fullAt = Math.max(bucket.fullAt, fullAt);
    },

    get size() {
      return buckets.size;
    },
  };
}
