import type {
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponseObject,
  ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { healthAnswer, readinessAnswer } from '../../platform/http/operations.ts';
import { problemTypeAnswer } from '../../platform/http/problem-pages.ts';
import { docsFiles } from '../docs.ts';
import { apiProblems } from '../problem-types.ts';
import { answeredWith, askedWith } from './headers.ts';
import { refusals } from './refusals.ts';

type Content = NonNullable<ZodOpenApiResponseObject['content']>;

const text = { schema: { type: 'string' as const } };

function answer(description: string, content: Content): ZodOpenApiResponseObject {
  return { description, headers: answeredWith(), content };
}

/** Open to everybody: they serve people and machines that look at the system. */
function open(
  operationId: string,
  summary: string,
  responses: ZodOpenApiResponsesObject,
  parameters: ZodOpenApiOperationObject['parameters'] = [],
): { get: ZodOpenApiOperationObject } {
  return {
    get: {
      operationId,
      tags: ['Operations'],
      summary,
      security: [],
      parameters: [...parameters, ...askedWith()],
      responses,
    },
  };
}

const one = (name: string, description: string, values: readonly string[]) => ({
  name,
  in: 'path' as const,
  required: true,
  description,
  schema: { type: 'string' as const, enum: [...values] },
});

const health = (operationId: string) =>
  open(operationId, 'Whether the process lives', {
    200: answer('It does', { 'application/json': { schema: healthAnswer } }),
    ...refusals(),
  });

const readiness = (operationId: string) =>
  open(operationId, 'Whether it can do its work, and what it can reach', {
    200: answer('It can; `degraded` when something that it can do without is missing', {
      'application/json': { schema: readinessAnswer },
    }),
    ...refusals(),
    503: answer('It cannot: something that it needs is missing', {
      'application/json': { schema: readinessAnswer },
    }),
  });

const metrics = (operationId: string) =>
  open(operationId, 'What it did, for Prometheus', {
    200: answer('The figures of this process', { 'text/plain': text }),
    ...refusals(),
  });

export const operationsPaths: ZodOpenApiPathsObject = {
  '/healthz': health('health'),
  '/health': health('healthAsBefore'),
  '/readyz': readiness('readiness'),
  '/ready': readiness('readinessAsBefore'),
  '/metrics': metrics('metrics'),
  '/api/v1/metrics': metrics('metricsAsBefore'),
  '/problems/{code}': open(
    'problemType',
    'What a problem’s code means and what to do about it',
    {
      200: answer('The page that the `type` of a problem points at', {
        'text/html': text,
        'application/json': { schema: problemTypeAnswer },
      }),
      ...refusals('not_found', 'not_acceptable'),
    },
    [one('code', 'As in the problem', Object.keys(apiProblems))],
  ),
  '/openapi.json': open('document', 'This document', {
    200: answer('OpenAPI 3.1', { 'application/json': { schema: { type: 'object' } } }),
    ...refusals(),
  }),
  '/docs': open('docs', 'This document, to read and to try', {
    200: answer('A page', { 'text/html': text }),
    ...refusals(),
  }),
  '/docs/{file}': open(
    'docsFile',
    'What that page loads',
    {
      200: answer('The file', Object.fromEntries(Array.from(docsFiles.values(), ({ type }) => [type, text]))),
      ...refusals('not_found'),
    },
    [one('file', 'Its name', [...docsFiles.keys()])],
  ),
};
