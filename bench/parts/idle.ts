import { setTimeout } from 'node:timers/promises';
import { readCpu, since } from '../measure/cpu.ts';
import { exactly } from '../measure/statistics.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

const settleMs = 30_000;
const roles = ['api', 'relay', 'worker', 'payment'];

/** CPU of each process while nothing is to be done; a tick is 10 ms, so a minute resolves 0.02 % of a core. */
export async function idle(system: System, { seconds }: { seconds: number }): Promise<Part> {
  // What the start left behind is compiled and collected by then: idle is what stays.
  await setTimeout(settleMs);
  const trees = system.trees();
  const before = readCpu(trees);
  await setTimeout(seconds * 1_000);
  const used = since(before, readCpu(trees));
  const share = (name: string) => (used[name] ?? Number.NaN) / (seconds * 10);
  return {
    name: 'idle',
    rows: roles.map((name) => ({
      id: `idle-${name}`,
      question: `CPU of ${name} while idle, % of a core`,
      ratio: exactly(share(name)),
      bar: { most: 0.5, stretch: 0.2 },
    })),
    notes: [
      `${seconds} s without load: ${Object.keys(used)
        .map((name) => `${name} ${share(name).toFixed(2)} %`)
        .join(' · ')}`,
    ],
    figures: { used },
  };
}
