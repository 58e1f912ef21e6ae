import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { breakerAnswer, breakerListAnswer } from '../present-breaker.ts';
import { answeredWith, askedWith } from './headers.ts';
import { security } from './orders.ts';
import { guarded, refusals } from './refusals.ts';

const all = (description: string): ZodOpenApiResponseObject => ({
  description,
  headers: answeredWith(),
  content: { 'application/json': { schema: breakerListAnswer } },
  links: {
    reset: { operationId: 'resetCircuitBreaker', parameters: { name: '$response.body#/items/0/name' } },
  },
});

const listing = (operationId: string, tag: string): ZodOpenApiOperationObject => ({
  operationId,
  tags: [tag],
  summary: 'Which circuit breakers are open',
  description: 'As the workers told last; a breaker that none of them has moved yet is closed.',
  security: security('admin'),
  parameters: askedWith(),
  responses: { 200: all('All of them, by name'), ...refusals(...guarded) },
});

const resetting = (operationId: string, tag: string): ZodOpenApiOperationObject => ({
  operationId,
  tags: [tag],
  summary: 'Close all circuit breakers',
  description: 'Every worker closes its own within a second; one whose calls still fail opens again.',
  security: security('admin'),
  parameters: askedWith(),
  responses: { 200: all('All of them, closed'), ...refusals(...guarded) },
});

const resetOne: ZodOpenApiOperationObject = {
  ...resetting('resetCircuitBreaker', 'Operations'),
  summary: 'Close a circuit breaker',
  parameters: [
    {
      name: 'name',
      in: 'path',
      required: true,
      description: 'As in the list of them',
      schema: { type: 'string' },
    },
    ...askedWith(),
  ],
  responses: {
    200: {
      description: 'The breaker, closed',
      headers: answeredWith(),
      content: { 'application/json': { schema: breakerAnswer } },
    },
    ...refusals(...guarded, 'circuit_breaker_not_found'),
  },
};

export const breakerPaths: ZodOpenApiPathsObject = {
  '/v1/circuit-breakers': { get: listing('listCircuitBreakers', 'Operations') },
  '/v1/circuit-breakers/reset': { post: resetting('resetCircuitBreakers', 'Operations') },
  '/v1/circuit-breakers/{name}/reset': { post: resetOne },
  '/api/v1/circuit-breaker/status': { get: listing('circuitBreakersAsBefore', 'Earlier systems') },
  '/api/v1/circuit-breaker/reset': { post: resetting('resetCircuitBreakersAsBefore', 'Earlier systems') },
};
