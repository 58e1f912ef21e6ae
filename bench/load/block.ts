import { setTimeout } from 'node:timers/promises';

/** One stretch of load: `inFlight` at a time (closed loop), or `perSecond` whatever becomes of them (open loop). */
export type Block = {
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** How long the last ones may take after the measured time. */
  readonly drainMs?: number;
} & ({ readonly inFlight: number } | { readonly perSecond: number });

export interface Outcome {
  /** All of the block, warm-up included; each of them has ended. */
  readonly started: number;
  /** In a closed loop those that ended within the measured time, in an open one those that were due in it. */
  readonly measured: number;
  readonly perSecond: number;
  /** Ends within the measured time, whenever they were due. */
  readonly endsPerSecond: number;
  /** Of those measured; in an open loop counted from the moment they were due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type Unit = () => Promise<unknown>;

/** How long a block may take at most. */
export function longestMs({ warmUpMs, measureMs, drainMs = 120_000 }: Block): number {
  return warmUpMs + measureMs + drainMs;
}

/** Runs `unit` over and over as `block` says and waits for the last one; `mark` is called as the measured time begins and ends. */
export async function runBlock(
  block: Block,
  unit: Unit,
  mark: (moment: 'begin' | 'end') => void,
): Promise<Outcome> {
  const begin = performance.now() + block.warmUpMs;
  const end = begin + block.measureMs;
  const ended: { at: number; due: number }[] = [];
  const one = async (due: number): Promise<void> => {
    await unit();
    ended.push({ at: performance.now(), due });
  };
  const load =
    'inFlight' in block ? closedLoop(block.inFlight, end, one) : openLoop(block.perSecond, end, one);
  const [started] = await Promise.all([within(longestMs(block), load), marks(block, mark)]);
  // An open loop is judged by what was due in the window, a closed one by what ended in it.
  const inWindow = (moment: number) => moment >= begin && moment < end;
  const measured = ended.filter(({ at, due }) => inWindow('inFlight' in block ? at : due));
  const latencies = measured.map(({ at, due }) => at - due).sort((a, b) => a - b);
  return {
    started,
    measured: measured.length,
    perSecond: (measured.length / block.measureMs) * 1_000,
    endsPerSecond: (ended.filter(({ at }) => inWindow(at)).length / block.measureMs) * 1_000,
    p50Ms: atShare(latencies, 0.5),
    p99Ms: atShare(latencies, 0.99),
  };
}

async function marks({ warmUpMs, measureMs }: Block, mark: (moment: 'begin' | 'end') => void): Promise<void> {
  await setTimeout(warmUpMs);
  mark('begin');
  await setTimeout(measureMs);
  mark('end');
}

async function closedLoop(
  inFlight: number,
  end: number,
  one: (due: number) => Promise<void>,
): Promise<number> {
  let started = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      started += 1;
      await one(performance.now());
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return started;
}

/** A timer is up to a millisecond late: what is due by then is sent then, and its lateness counts. */
async function openLoop(
  perSecond: number,
  end: number,
  one: (due: number) => Promise<void>,
): Promise<number> {
  const running: Promise<void>[] = [];
  const gap = 1_000 / perSecond;
  for (let due = performance.now(); due < end; due += gap) {
    const early = due - performance.now();
    if (early > 0) await setTimeout(early);
    running.push(one(due));
  }
  await Promise.all(running);
  return running.length;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const patience = new AbortController();
  const late = setTimeout(ms, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`The block did not end within ${ms / 1_000} s: something it started was lost or hangs.`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    patience.abort();
  }
}

function atShare(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
