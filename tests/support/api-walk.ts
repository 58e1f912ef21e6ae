import type { Answer, Call } from './api.ts';
import { at, type Link, type Operation, type Parameter } from './api-document.ts';

export interface Tried {
  readonly operation: Operation;
  readonly answer: Answer;
  /** `from → to` when a link led here. */
  readonly link?: string;
}

type Given = Readonly<Record<string, unknown>>;

interface Request {
  readonly operation: Operation;
  readonly call: Call;
  readonly link?: string;
}

/**
 * Every request that a document holds by itself: for each operation all its examples, and all values of a path
 * parameter that has but a few; then what the links of the answers lead to, each link once.
 */
export async function tryDocument(
  operations: readonly Operation[],
  call: (call: Call) => Promise<Answer>,
): Promise<readonly Tried[]> {
  const tried: Tried[] = [];
  const followed = new Set<string>();
  const waiting: Request[] = operations.flatMap((operation) => requestsOf(operation, {}));
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const answer = await call(next.call);
    tried.push({ ...next, answer });
    for (const link of Object.values(next.operation.responses[answer.status]?.links ?? {})) {
      const name = `${next.operation.id} → ${link.operationId}`;
      const target = operations.find(({ id }) => id === link.operationId);
      const given = valuesOf(link, answer);
      if (target === undefined || given === undefined || followed.has(name)) continue;
      followed.add(name);
      waiting.push(...requestsOf(target, given).map((request) => ({ ...request, link: name })));
    }
  }
  return tried;
}

/** undefined where the answer has nothing to fill the link with. */
function valuesOf({ parameters }: Link, { json }: Answer): Given | undefined {
  const values = Object.entries(parameters).map(([name, expression]) => {
    const [, pointer] = /^\$response\.body#(.*)$/.exec(expression) ?? [];
    if (pointer === undefined) throw new Error(`${expression} is no expression that this test can read`);
    return [name, at(json, pointer)] as const;
  });
  return values.some(([, value]) => value == null) ? undefined : Object.fromEntries(values);
}

function requestsOf(operation: Operation, given: Given): Request[] {
  const bodies = Object.entries(operation.bodies);
  return pathsOf(operation, given).flatMap((path) =>
    bodies.length === 0
      ? [{ operation, call: callOf(operation, path, given) }]
      : bodies.map(([name, { value }]) => ({
          operation,
          call: { ...callOf(operation, path, given, name), body: value },
        })),
  );
}

/** None when a parameter of the path has no value. */
function pathsOf({ path, parameters }: Operation, given: Given): string[] {
  return parameters
    .filter((parameter) => parameter.in === 'path')
    .reduce(
      (paths, { name, schema }) =>
        paths.flatMap((one) =>
          (name in given ? [String(given[name])] : (schema.enum ?? [])).map((value) =>
            one.replace(`{${name}}`, encodeURIComponent(value)),
          ),
        ),
      [path],
    );
}

function callOf({ method, parameters }: Operation, path: string, given: Given, example = ''): Call {
  const valued = (place: string) =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map((parameter): [string, unknown] => [parameter.name, exampleOf(parameter, given, example)])
      .filter(([, value]) => value !== undefined)
      .map(([name, value]): [string, string] => [name, String(value)]);
  const query = new URLSearchParams(valued('query')).toString();
  return {
    method,
    path: query === '' ? path : `${path}?${query}`,
    // A key of its own would hide that the document lacks one.
    headers: { 'Idempotency-Key': undefined, ...Object.fromEntries(valued('header')) },
    body: undefined,
  };
}

function exampleOf({ name, example, examples }: Parameter, given: Given, named: string): unknown {
  return given[name] ?? examples?.[named]?.value ?? example;
}
