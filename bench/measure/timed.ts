import type { Measured } from './program.ts';

/** A block of `units` that `work` carries out in this very process; only its rate is known. */
export async function timed(units: number, work: () => Promise<unknown>): Promise<Measured> {
  const began = performance.now();
  await work();
  const perSecond = units / ((performance.now() - began) / 1_000);
  return {
    started: units,
    measured: units,
    perSecond,
    endsPerSecond: perSecond,
    p50Ms: Number.NaN,
    p99Ms: Number.NaN,
    cpu: {},
  };
}
