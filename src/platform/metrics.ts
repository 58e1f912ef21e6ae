import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { mergeFamilies } from './metric-families.ts';

const registry = new Registry();

// prom-client's own sums of a family that is served by kind: gauges, under a name that promises a counter.
const misnamed = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

/** Called once by main: adds the process's own figures (CPU, memory, event-loop delay) to what is served. */
export function collectProcessMetrics(): void {
  // A look at the event loop every 100 ms: prom-client's 10 ms alone cost an idle process 0.4 % of a core.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  for (const name of misnamed) registry.removeSingleMetric(name);
}

/** Every value that a label can have, where that is known beforehand. */
type Closed<Label extends string> = Readonly<Record<Label, readonly string[]>>;

/** With the values of its labels it begins at 0 for each of them: `increase()` does not see the first of a new series. */
export function counter<Label extends string = never>(
  name: string,
  help: string,
  labels: readonly Label[] | Closed<Label> = [],
): Counter<Label> {
  const labelNames = isOpen(labels) ? [...labels] : (Object.keys(labels) as Label[]); // its keys are those of its type
  const figure = new Counter({ name, help, labelNames, registers: [registry] });
  if (!isOpen(labels)) beginAtZero(figure, labels);
  return figure;
}

/** For values that only the one who counts knows. */
export function beginAtZero<Label extends string>(figure: Counter<Label>, labels: Closed<Label>): void {
  for (const combination of combinations(labels)) figure.inc(combination, 0);
}

function isOpen<Label extends string>(labels: readonly Label[] | Closed<Label>): labels is readonly Label[] {
  return Array.isArray(labels);
}

function combinations<Label extends string>(labels: Closed<Label>): Record<Label, string>[] {
  let all: Record<string, string>[] = [{}];
  for (const [name, values] of Object.entries<readonly string[]>(labels))
    all = all.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  return all as Record<Label, string>[]; // every label has had its turn
}

/** It has no sample until it is set; `collect` sets it when somebody scrapes, and must not throw. */
export function gauge<Label extends string = never>(
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
  collect?: (figure: Gauge<Label>) => void | Promise<void>,
): Gauge<Label> {
  const figure: Gauge<Label> = new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    ...(collect && { collect: () => collect(figure) }),
  });
  // prom-client begins at 0, which nobody has measured.
  if (labelNames.length === 0) figure.remove();
  return figure;
}

/** Seconds, from one statement on loopback (1 ms) to the longest deadline of the system (60 s). */
export const secondsBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

export function histogram<Label extends string = never>(
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
  buckets: readonly number[] = secondsBuckets,
): Histogram<Label> {
  return new Histogram({
    name,
    help,
    labelNames: [...labelNames],
    buckets: [...buckets],
    registers: [registry],
  });
}

export const metricsContentType = registry.contentType;

const others = new Set<() => Promise<string>>();

/** What else this process measures, in the same text format, is served too from now on. */
export function serveToo(read: () => Promise<string>): void {
  others.add(read);
}

/** This process's figures in Prometheus' text format. */
export async function renderMetrics(): Promise<string> {
  const texts = await Promise.all([
    registry.metrics(),
    ...Array.from(others, (read) => read().catch(() => '')),
  ]);
  return texts.length === 1 ? texts.join('') : mergeFamilies(texts);
}
