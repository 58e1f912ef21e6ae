import type { ZodOpenApiComponentsObject } from 'zod-openapi';

const header = (name: string, description: string, schema: object = {}) => ({
  name,
  in: 'header' as const,
  description,
  schema: { type: 'string' as const, ...schema },
});

/** What a request may say in its headers. */
export const requestHeaders = {
  'Idempotency-Key': header(
    'Idempotency-Key',
    'A new one for each new request, the same one for a repeat, which then gets the first answer. Kept for 72 h unless the operator says otherwise.',
    // Bare or quoted; a bare one does not start with a quote.
    { pattern: '^([!#-~][!-~]{0,254}|"[!-~]{1,255}")$' },
  ),
  'If-Match': header('If-Match', 'Only if it still has this ETag; 412 otherwise.'),
  'If-None-Match': header('If-None-Match', 'Only if it has another ETag; 304 otherwise.'),
  'X-Request-Id': header(
    'X-Request-Id',
    'Names the request in answers, logs and events: up to 128 letters, digits and `_ . : -`; anything else is replaced.',
  ),
  traceparent: header('traceparent', 'W3C Trace Context that this request is part of.'),
} satisfies NonNullable<ZodOpenApiComponentsObject['parameters']>;

/** What an answer says in its headers. */
export const answerHeaders = {
  'X-Request-Id': {
    description: 'The request’s own id, or the one it was given.',
    required: true,
    schema: { type: 'string' },
  },
  traceparent: {
    description: 'W3C Trace Context of the request.',
    required: true,
    schema: { type: 'string' },
  },
  Location: {
    description: 'Where it is.',
    required: true,
    schema: { type: 'string', format: 'uri-reference' },
  },
  ETag: {
    description: 'Its version, which changes with every change of it.',
    required: true,
    schema: { type: 'string', examples: ['"1"'] },
  },
  'Retry-After': {
    description: 'Seconds to wait before asking again.',
    required: true,
    schema: { type: 'string', pattern: '^\\d+$', examples: ['1'] },
  },
  'Idempotent-Replayed': {
    description: 'There when this is the stored answer to an earlier request with the same Idempotency-Key.',
    schema: { type: 'string', enum: ['true'] },
  },
  Link: {
    description: 'Neighbouring pages (RFC 8288).',
    schema: { type: 'string', examples: ['</v1/orders?cursor=abc>; rel="next"'] },
  },
} satisfies NonNullable<ZodOpenApiComponentsObject['headers']>;

export const headerOf = (name: keyof typeof answerHeaders) => ({ $ref: `#/components/headers/${name}` });

/** There when some order of a batch can still be placed by the same request. */
export const retryLater = {
  'Retry-After': {
    ...answerHeaders['Retry-After'],
    required: false,
    description: 'There when the same request again can place more of it.',
  },
};

/** The headers of a good answer: those that every one has, and these. */
export function answeredWith(...names: (keyof typeof answerHeaders)[]): Record<string, { $ref: string }> {
  const all = ['X-Request-Id', 'traceparent', ...names] as const;
  return Object.fromEntries(all.map((name) => [name, headerOf(name)]));
}

/** The headers that a request may have: those that every one may, and these. */
export function askedWith(...names: (keyof typeof requestHeaders)[]): { $ref: string }[] {
  const all = [...names, 'X-Request-Id', 'traceparent'] as const;
  return all.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}
