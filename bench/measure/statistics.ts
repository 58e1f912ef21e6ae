interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Ratio extends Interval {
  /** Median of the pairs' ratios. */
  readonly median: number;
  readonly pairs: readonly number[];
}

/** The value below which the share `q` (0–1) of `values` lies, nearest rank. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1));
  const value = sorted[rank];
  if (value === undefined) throw new Error('There is no quantile of no values; let the block run longer.');
  return value;
}

export function median(values: readonly number[]): number {
  return (
    (quantile(values, 0.5) +
      -quantile(
        values.map((value) => -value),
        0.5,
      )) /
    2
  );
}

/** A count, or one long measurement: there is no interval to it. */
export function exactly(value: number): Ratio {
  return { median: value, low: value, high: value, pairs: [value] };
}

const resamples = 2_000;

/** The pairs' median with its bootstrap 95 % interval; the same pairs give the same interval. */
export function ratioOf(pairs: readonly number[]): Ratio {
  const next = mulberry32(20_261);
  const medians = Array.from({ length: resamples }, () =>
    median(pairs.map(() => pairs[Math.floor(next() * pairs.length)] ?? 0)),
  );
  return { median: median(pairs), low: quantile(medians, 0.025), high: quantile(medians, 0.975), pairs };
}

/** A small generator with a seed, https://github.com/cprosche/mulberry32: Math.random has none. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
