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
const rules = z.object({ groups: z.array(z.object({ name: z.string(), rules: z.array(rule) })) });
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
  rules(): Promise<z.output<typeof rule>[]>;
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
  return {
    query: async (expression) => (await ask('query', vector, { query: expression })).result,
    names: async () => new Set(await ask('label/__name__/values', z.array(z.string()))),
    rules: async () => (await ask('rules', rules)).groups.flatMap((group) => group.rules),
    targets: async () => (await ask('targets', targets)).activeTargets,
  };
}
