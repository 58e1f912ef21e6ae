import { z } from 'zod';

const answer = z.discriminatedUnion('status', [
  z.object({ status: z.literal('success'), data: z.unknown() }),
  z.object({ status: z.literal('error'), error: z.string() }),
]);
const vector = z.object({
  result: z.array(
    z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
  ),
});
const rule = z.object({ name: z.string(), health: z.string(), lastError: z.string().default('') });
const group = z.object({
  name: z.string(),
  file: z.string(),
  lastEvaluation: z.iso.datetime({ offset: true }),
  rules: z.array(rule),
});
const rules = z.object({ groups: z.array(group) });
const alert = z.object({
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  state: z.enum(['pending', 'firing']),
});
const alerts = z.object({ alerts: z.array(alert) });
export type Alert = z.output<typeof alert>;
const target = z.object({
  labels: z.record(z.string(), z.string()),
  health: z.string(),
  lastError: z.string(),
});
const targets = z.object({ activeTargets: z.array(target) });

/** A running Prometheus, asked over HTTP. */
export interface Prometheus {
  /** The series an expression comes to now; throws what Prometheus has against it. */
  query(expression: string): Promise<z.output<typeof vector>['result']>;
  /** The names of all series it has. */
  names(): Promise<ReadonlySet<string>>;
  groups(): Promise<z.output<typeof group>[]>;
  rules(): Promise<z.output<typeof rule>[]>;
  /** Those that fire, and those that would if it went on. */
  alerts(): Promise<Alert[]>;
  targets(): Promise<z.output<typeof target>[]>;
}

export function openPrometheus(url: string): Prometheus {
  const ask = async <T>(
    path: string,
    shape: z.ZodType<T>,
    query: Record<string, string> = {},
  ): Promise<T> => {
    const address = `${url}/api/v1/${path}?${new URLSearchParams(query)}`;
    const response = await fetch(address, { signal: AbortSignal.timeout(10_000) });
    const said = answer.parse(await response.json());
    if (said.status === 'error') throw new Error(said.error);
    return shape.parse(said.data);
  };
  const groups = async () => (await ask('rules', rules)).groups;
  return {
    query: async (expression) => (await ask('query', vector, { query: expression })).result,
    names: async () => new Set(await ask('label/__name__/values', z.array(z.string()))),
    groups,
    rules: async () => (await groups()).flatMap((one) => one.rules),
    alerts: async () => (await ask('alerts', alerts)).alerts,
    targets: async () => (await ask('targets', targets)).activeTargets,
  };
}
