import { readdirSync, readFileSync } from 'node:fs';

/** Process trees by the name they have in a report. */
export type Trees = Readonly<Record<string, number>>;
/** CPU milliseconds by the same names. */
export type CpuMs = Readonly<Record<string, number>>;

// USER_HZ: the kernel reports it as 100 on every Linux platform, whatever its own tick.
const msPerTick = 10;

/**
 * CPU time of each tree since it began. A child that ended is in its parent's fields for reaped children, so the sum
 * over the living never falls: Postgres' backends come and go.
 */
export function readCpu(trees: Trees): CpuMs {
  const all = readProcesses();
  return Object.fromEntries(
    Object.entries(trees).map(([name, pid]) => [name, treeTicks(all, pid) * msPerTick]),
  );
}

export function since(before: CpuMs, after: CpuMs): CpuMs {
  return Object.fromEntries(Object.entries(after).map(([name, ms]) => [name, ms - (before[name] ?? 0)]));
}

export function total(cpu: CpuMs): number {
  return Object.values(cpu).reduce((sum, ms) => sum + ms, 0);
}

/** Resident bytes of one process. */
export function residentBytes(pid: number): number {
  const kilobytes = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m)?.[1];
  return Number(kilobytes ?? 0) * 1_024;
}

interface Process {
  readonly parent: number;
  readonly ticks: number;
}

function readProcesses(): Map<number, Process> {
  const processes = new Map<number, Process>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(name);
    if (stat === undefined) continue;
    // Field 2 may hold spaces and brackets: count from its closing bracket, behind which field 3 comes first.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    processes.set(Number(name), { parent, ticks: fields.slice(11, 15).reduce((sum, n) => sum + n, 0) });
  }
  return processes;
}

function readStat(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // ended since it was listed
  }
}

function treeTicks(all: ReadonlyMap<number, Process>, root: number): number {
  const own = all.get(root);
  if (own === undefined) throw new Error(`Process ${root} has ended while it was measured; see its log.`);
  let ticks = own.ticks;
  for (const [pid, { parent }] of all) if (parent === root) ticks += treeTicks(all, pid);
  return ticks;
}
