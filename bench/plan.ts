import { accept } from './parts/accept.ts';
import { alternatives } from './parts/alternatives.ts';
import { bloat } from './parts/bloat.ts';
import { bridge } from './parts/bridge.ts';
import { burst } from './parts/burst.ts';
import { closed } from './parts/closed.ts';
import { deduplication } from './parts/deduplication.ts';
import { framework } from './parts/framework.ts';
import { growth } from './parts/growth.ts';
import { idle } from './parts/idle.ts';
import { latency } from './parts/latency.ts';
import { ledger } from './parts/ledger.ts';
import { memory } from './parts/memory.ts';
import { overload } from './parts/overload.ts';
import { relay } from './parts/relay.ts';
import { steps } from './parts/steps.ts';
import { throughput } from './parts/throughput.ts';
import { tracing } from './parts/tracing.ts';
import type { Part } from './rows.ts';
import type { System } from './system.ts';

export type RunPart = (system: System, say: (line: string) => void) => Promise<Part>;

// More in flight does not make either side faster, and fewer leave the cores idle.
const inFlight = 60;

/** Parts of each mode in the order of their run: what must find the system quiet comes first. */
export const plans: Readonly<Record<'quick' | 'bench' | 'full', Readonly<Record<string, RunPart>>>> = {
  /** At most 3 minutes: what a change could break. */
  quick: {
    steps: (system) => steps(system, { orders: 10 }),
    throughput: (system, say) =>
      throughput(system, { passes: 2, inFlight, warmUpMs: 4_000, measureMs: 8_000 }, say),
  },
  /** At most 20 minutes. */
  bench: {
    steps: (system) => steps(system, { orders: 50 }),
    idle: (system) => idle(system, { seconds: 60 }),
    throughput: (system, say) =>
      throughput(system, { passes: 8, inFlight, warmUpMs: 5_000, measureMs: 10_000 }, say),
    accept: (system, say) => accept(system, { passes: 6, inFlight, warmUpMs: 3_000, measureMs: 10_000 }, say),
    framework: (system, say) =>
      framework(system, { passes: 8, inFlight, warmUpMs: 2_000, measureMs: 4_000 }, say),
    growth: (system, say) => growth(system, { sizes: [1_000, 1_000_000] }, say),
    relay: (system, say) => relay(system, { passes: 8, rows: 10_000 }, say),
    bloat: (system, say) => bloat(system, { passes: 4, heldMs: 15_000 }, say),
    bridge: (system, say) => bridge(system, { passes: 6, starts: 1_000, concurrency: 8 }, say),
  },
  /** By the book, at most 150 minutes, each part on a stack of its own so that it can be resumed. */
  full: {
    steps: (system) => steps(system, { orders: 200 }),
    idle: (system) => idle(system, { seconds: 120 }),
    throughput: (system, say) =>
      throughput(system, { passes: 8, inFlight, warmUpMs: 10_000, measureMs: 20_000 }, say),
    accept: (system, say) =>
      accept(system, { passes: 8, inFlight, warmUpMs: 10_000, measureMs: 20_000 }, say),
    latency: (system, say) =>
      latency(system, { passes: 4, inFlight, warmUpMs: 10_000, measureMs: 60_000 }, say),
    alternatives: (system, say) =>
      alternatives(system, { passes: 4, inFlight, warmUpMs: 5_000, measureMs: 20_000 }, say),
    framework: (system, say) =>
      framework(system, { passes: 8, inFlight, warmUpMs: 3_000, measureMs: 10_000 }, say),
    growth: (system, say) => growth(system, { sizes: [1_000, 10_000, 100_000, 1_000_000] }, say),
    relay: (system, say) => relay(system, { passes: 8, rows: 50_000 }, say),
    bloat: (system, say) => bloat(system, { passes: 8, heldMs: 180_000 }, say),
    bridge: (system, say) => bridge(system, { passes: 8, starts: 2_000, concurrency: 8 }, say),
    burst: (system, say) => burst(system, { inFlight, peakMs: 60_000, burstMs: 30_000 }, say),
    deduplication: (system, say) =>
      deduplication(system, { passes: 4, inFlight: 8, warmUpMs: 1_000, measureMs: 5_000 }, say),
    overload: (system, say) =>
      overload(system, { passes: 4, inFlight, warmUpMs: 5_000, measureMs: 20_000 }, say),
    tracing: (system, say) =>
      // Each block's processes are new: with less to warm up on it is what they load and compile that is compared.
      tracing(system, { passes: 6, inFlight, warmUpMs: 30_000, measureMs: 15_000 }, say),
    ledger: (system, say) => ledger(system, { passes: 4, inFlight, warmUpMs: 3_000, measureMs: 10_000 }, say),
    memory: (system, say) => memory(system, { inFlight, orders: [5_000, 20_000] }, say),
    closed: (system, say) =>
      closed(system, { closed: 100_000, passes: 4, inFlight, warmUpMs: 5_000, measureMs: 20_000 }, say),
  },
};
