import { STATUS_CODES } from 'node:http';
import { z } from 'zod';

const fieldFault = z.object({
  pointer: z.string().meta({
    description:
      'RFC 6901 pointer into the request body, `?name` for a query parameter, or `/id` for the id in the address',
    examples: ['/items/0/quantity'],
  }),
  detail: z.string(),
});

export type FieldFault = Readonly<z.input<typeof fieldFault>>;

/** The shape of every error (RFC 9457). */
export const problemDocument = z
  .object({
    type: z.string().meta({ format: 'uri-reference', description: 'Address of a page about this `code`' }),
    title: z.string().meta({ description: 'The status in words' }),
    status: z.int().min(400).max(599),
    code: z.string().meta({ description: 'What to tell problems apart by; it never changes' }),
    detail: z.string().meta({ description: 'What happened this time and what to do next, for people' }),
    instance: z.string().meta({ description: 'The request’s id, as in X-Request-Id' }),
    trace_id: z.string().optional(),
    span_id: z.string().optional(),
    errors: z.array(fieldFault).optional().meta({ description: 'One for each field that is wrong' }),
  })
  .meta({ id: 'Problem', description: 'What went wrong and what to do about it (RFC 9457)' });

export type ProblemDocument = Omit<z.input<typeof problemDocument>, 'errors'> & {
  errors?: readonly FieldFault[] | undefined;
};

export function problemAddress(code: string): string {
  return `/problems/${code}`;
}

/** The document of what is given; type and title follow from code and status. */
export function presentProblem<Given extends Pick<ProblemDocument, 'status' | 'code'>>(
  given: Given,
): Given & Pick<ProblemDocument, 'type' | 'title'> {
  return { type: problemAddress(given.code), title: STATUS_CODES[given.status] ?? 'Unknown', ...given };
}
