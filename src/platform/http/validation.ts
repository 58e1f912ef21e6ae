import type { z } from 'zod';
import { Problem } from './problem.ts';
import type { FieldFault } from './problem-document.ts';

// A body of 1 MB can hold 100,000 faults; nobody reads the twenty-first.
const mostFaults = 20;

/** The value as `schema` understands it; 400 with one pointer per fault otherwise. `at` is where in the body the value stands. */
export function parseBody<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  at: readonly PropertyKey[] = [],
): z.output<Schema> {
  return parse(schema, value, (path) =>
    [...at, ...path].map((part) => `/${escapePointer(String(part))}`).join(''),
  );
}

export function parseQuery<Schema extends z.ZodType>(schema: Schema, query: unknown): z.output<Schema> {
  return parse(schema, query, (path) => `?${path.join('.')}`);
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  pointerTo: (path: readonly PropertyKey[]) => string,
): z.output<Schema> {
  const parsed = schema.safeParse(value, { error: plainly });
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues
    .slice(0, mostFaults)
    .flatMap((issue) => faults(issue, pointerTo))
    .slice(0, mostFaults);
  throw new Problem(
    400,
    'validation_failed',
    'Correct the fields named in errors and send the request again.',
    { errors },
  );
}

/** Where a schema says nothing of its own: zod's wording is for developers. */
function plainly(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_type') return undefined;
  if (issue.input === undefined) return 'is required';
  return `must be ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
}

function faults(issue: z.core.$ZodIssue, pointerTo: (path: readonly PropertyKey[]) => string): FieldFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerTo([...issue.path, key]),
      detail: 'is not a known field; leave it out',
    }));
  }
  return [{ pointer: pointerTo(issue.path), detail: issue.message }];
}

// RFC 6901: ~ and / are the two characters with a meaning.
function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
