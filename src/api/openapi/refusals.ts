import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { presentProblem, problemDocument } from '../../platform/http/problem-document.ts';
import type { ProblemType } from '../../platform/http/problem-types.ts';
import { type ApiProblemCode, apiProblems } from '../problem-types.ts';
import { requestId } from './examples.ts';
import { answerHeaders, headerOf } from './headers.ts';

// What never becomes a request, and what nobody foresaw, meets every address.
const everywhere: readonly ApiProblemCode[] = [
  'malformed_request',
  'request_too_slow',
  'headers_too_large',
  'internal',
];

/** What any address under /v1 may say. */
export const guarded: readonly ApiProblemCode[] = [
  'authentication_required',
  'token_invalid',
  'insufficient_scope',
  'not_acceptable',
  'rate_limited',
  'identity_provider_unavailable',
  'store_unavailable',
  'api_unreachable',
];

/** What an Idempotency-Key may come to. */
export const keyed: readonly ApiProblemCode[] = [
  'idempotency_key_invalid',
  'request_in_progress',
  'idempotency_key_reused',
];

/** What a body may come to. */
export const withBody: readonly ApiProblemCode[] = [
  'malformed_json',
  'json_too_deep',
  'number_too_precise',
  'body_incomplete',
  'validation_failed',
  'body_too_large',
  'unsupported_media_type',
];

// Every code there is, for those who generate code; a new one may come, hence no enum.
const problem = problemDocument
  .extend({ code: problemDocument.shape.code.meta({ 'x-extensible-enum': Object.keys(apiProblems) }) })
  .meta({ id: 'Problem', description: problemDocument.description });

/** A response for each status of these codes, and of those that any request may get. */
export function refusals(...codes: ApiProblemCode[]): ZodOpenApiResponsesObject {
  const byStatus = Object.groupBy([...codes, ...everywhere], (code) => apiProblems[code].status);
  return Object.fromEntries(Object.entries(byStatus).map(([status, alike]) => [status, refusal(alike)]));
}

function refusal(codes: readonly ApiProblemCode[]): ZodOpenApiResponseObject {
  return {
    description: codes.map((code) => `- \`${code}\`: ${apiProblems[code].meaning}`).join('\n'),
    headers: { 'X-Request-Id': headerOf('X-Request-Id'), ...retryAfter(codes) },
    content: {
      'application/problem+json': {
        schema: problem,
        examples: Object.fromEntries(
          codes.map((code) => [code, { $ref: `#/components/examples/${exampleName(code)}` }]),
        ),
      },
    },
  };
}

function retryAfter(codes: readonly ApiProblemCode[]) {
  const carriers = codes.filter((code) => typeOf(code).retryAfter);
  if (carriers.length === 0) return {};
  const isCertain = carriers.length === codes.length;
  return {
    'Retry-After': isCertain
      ? headerOf('Retry-After')
      : { ...answerHeaders['Retry-After'], required: false, description: `With ${carriers.join(', ')}.` },
  };
}

// Wider than the catalogue's literals, which know of Retry-After only where it is there.
const typeOf = (code: ApiProblemCode): ProblemType => apiProblems[code];
const exampleName = (code: string) => `problem.${code}`;

/** The refusals of what is in no document: another method. */
export const undocumented: readonly string[] = [
  'method_not_allowed',
  'method_unknown',
] satisfies ApiProblemCode[];

/** One example for each code, for `components.examples`. */
export const problemExamples = Object.fromEntries(
  Object.entries<ProblemType>(apiProblems)
    .filter(([code]) => !undocumented.includes(code))
    .map(([code, { status, meaning, remedy }]) => [
      exampleName(code),
      { summary: meaning, value: presentProblem({ status, code, detail: remedy, instance: requestId }) },
    ]),
);
