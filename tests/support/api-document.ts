/** The parts of an OpenAPI document that tests read, with every reference replaced by what it refers to. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly bodies: Examples;
  readonly responses: Readonly<Record<string, DocumentedResponse>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: { readonly enum?: readonly string[] };
  readonly example?: unknown;
  readonly examples?: Examples;
}

interface DocumentedResponse {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, { readonly examples?: Examples }>>;
  readonly links?: Readonly<Record<string, Link>>;
}

export interface Link {
  readonly operationId: string;
  readonly parameters: Readonly<Record<string, string>>;
}

type Examples = Readonly<Record<string, { readonly value: unknown }>>;

// biome-ignore lint/suspicious/noExplicitAny: a document as JSON; what a test relies on is in the types above
type Json = any;

// What writes comes first: what reads then finds something.
const methods = ['post', 'put', 'patch', 'get', 'delete'];

export function operationsOf(document: Json): readonly Operation[] {
  return Object.entries<Json>(resolved(document.paths, document)).flatMap(([path, item]) =>
    methods
      .filter((method) => item[method] !== undefined)
      .map((method) => ({
        id: item[method].operationId,
        method: method.toUpperCase(),
        path,
        parameters: item[method].parameters ?? [],
        bodies: item[method].requestBody?.content['application/json'].examples ?? {},
        responses: item[method].responses,
      })),
  );
}

// Schemas stay as they are: only they may refer to themselves.
function resolved(value: Json, document: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => resolved(one, document));
  if (typeof value.$ref === 'string' && !value.$ref.startsWith('#/components/schemas/'))
    return resolved(at(document, value.$ref.slice(1)), document);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolved(one, document)]));
}

/** What an RFC 6901 pointer points at. */
export function at(value: Json, pointer: string): Json {
  return pointer
    .split('/')
    .slice(1)
    .reduce((inner, key) => inner?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], value);
}
