import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { batchAnswer, orderAnswer, orderListAnswer } from '../present.ts';
import { timelineAnswer } from '../present-timeline.ts';
import { newOrder, newOrderBatch, orderListQuery } from '../schemas.ts';
import {
  batches,
  batchKeys,
  canceledOrders,
  cancelingOrders,
  newOrderKeys,
  newOrders,
  orderLists,
  orders,
  timelines,
} from './examples.ts';
import { answeredWith, askedWith, requestHeaders, retryLater } from './headers.ts';
import { guarded, keyed, refusals, withBody } from './refusals.ts';

export const idParameter = (what: string) => ({
  name: 'id',
  in: 'path' as const,
  required: true,
  description: `The ${what}’s id, as in its Location`,
  schema: { type: 'string' as const, format: 'uuid' },
});
export const orderId = idParameter('order');

/** With an example for each example of the body, by the same name: a key belongs to one content. */
export const requiredKey = (examples: Readonly<Record<string, { value: string }>>) => ({
  ...requestHeaders['Idempotency-Key'],
  required: true,
  examples,
});

// Without AUTH_MODE=jwt nobody is asked for a token.
export const security = (scope: 'orders:read' | 'orders:write' | 'admin') => [{}, { bearer: [scope] }];

const toOrder = (id: string) => ({
  read: { operationId: 'getOrder', parameters: { id } },
  timeline: { operationId: 'getTimeline', parameters: { id } },
  cancel: { operationId: 'cancelOrder', parameters: { id } },
});

export const placed: ZodOpenApiResponseObject = {
  description: 'The order is placed, and pending',
  headers: answeredWith('Location', 'ETag', 'Retry-After', 'Idempotent-Replayed'),
  content: { 'application/json': { schema: orderAnswer, examples: orders } },
  links: toOrder('$response.body#/id'),
};

export const eachPlaced: ZodOpenApiResponseObject = {
  description: 'A result for each order; look at the status of each',
  headers: { ...answeredWith('Idempotent-Replayed'), ...retryLater },
  content: { 'application/json': { schema: batchAnswer } },
};

const placeOrder: ZodOpenApiOperationObject = {
  operationId: 'placeOrder',
  tags: ['Orders'],
  summary: 'Place an order',
  description:
    'Answers as soon as the order is durable; it is processed soon after. Repeat a request that got no answer with its Idempotency-Key: the order is placed once.',
  security: security('orders:write'),
  parameters: [requiredKey(newOrderKeys), ...askedWith()],
  requestBody: {
    required: true,
    content: { 'application/json': { schema: newOrder, examples: newOrders } },
  },
  responses: {
    202: placed,
    ...refusals(...guarded, ...keyed, ...withBody, 'idempotency_key_required', 'admission_closed'),
  },
};

const placeOrders: ZodOpenApiOperationObject = {
  operationId: 'placeOrders',
  tags: ['Orders'],
  summary: 'Place up to 1,000 orders',
  description:
    'Every order has a result of its own, in the order of the request. A repeat with the same Idempotency-Key skips what exists.',
  security: security('orders:write'),
  parameters: [requiredKey(batchKeys), ...askedWith()],
  requestBody: {
    required: true,
    content: { 'application/json': { schema: newOrderBatch, examples: batches } },
  },
  responses: {
    207: { ...eachPlaced, links: toOrder('$response.body#/results/0/order/id') },
    ...refusals(...guarded, ...keyed, ...withBody, 'idempotency_key_required', 'admission_closed'),
  },
};

const listOrders: ZodOpenApiOperationObject = {
  operationId: 'listOrders',
  tags: ['Orders'],
  summary: 'List your orders, newest first',
  description:
    'By `page` and `page_size` as far as `page × page_size` = 10,000, or by `cursor` and `limit` without end and at the same cost for every page.',
  security: security('orders:read'),
  parameters: askedWith(),
  requestParams: { query: orderListQuery },
  responses: {
    200: {
      description: 'A page of orders',
      headers: answeredWith('Link'),
      content: { 'application/json': { schema: orderListAnswer, examples: orderLists } },
      links: {
        ...toOrder('$response.body#/items/0/id'),
        next: { operationId: 'listOrders', parameters: { cursor: '$response.body#/next' } },
      },
    },
    ...refusals(...guarded, 'validation_failed', 'page_too_large'),
  },
};

const getOrder: ZodOpenApiOperationObject = {
  operationId: 'getOrder',
  tags: ['Orders'],
  summary: 'Read an order',
  description: 'Somebody else’s order is a 404, as if it were not there.',
  security: security('orders:read'),
  parameters: [orderId, ...askedWith('If-Match', 'If-None-Match')],
  responses: {
    200: {
      description: 'The order',
      headers: answeredWith('ETag'),
      content: { 'application/json': { schema: orderAnswer, examples: orders } },
      links: { cancel: toOrder('$response.body#/id').cancel },
    },
    304: { description: 'It still has the ETag in If-None-Match', headers: answeredWith('ETag') },
    ...refusals(...guarded, 'validation_failed', 'order_not_found', 'precondition_failed'),
  },
};

const getTimeline: ZodOpenApiOperationObject = {
  operationId: 'getTimeline',
  tags: ['Orders'],
  summary: 'What happened to an order',
  description:
    'Every step, oldest first, with what went wrong last; it stays when Temporal has forgotten the run.',
  security: security('orders:read'),
  parameters: [orderId, ...askedWith()],
  responses: {
    200: {
      description: 'The steps',
      headers: answeredWith(),
      content: { 'application/json': { schema: timelineAnswer, examples: timelines } },
    },
    ...refusals(...guarded, 'validation_failed', 'order_not_found'),
  },
};

const cancelOrder: ZodOpenApiOperationObject = {
  operationId: 'cancelOrder',
  tags: ['Orders'],
  summary: 'Cancel an order',
  description:
    'A pending order is canceled at once. In processing it is marked, and what was charged is given back before it is canceled: 202 until then, unless that is done within 2 s. A 202 becomes canceled and nothing else; what is completed or failed stays so.',
  security: security('orders:write'),
  parameters: [orderId, ...askedWith('Idempotency-Key', 'If-Match')],
  responses: {
    200: {
      description: 'The order, canceled now or before',
      headers: answeredWith('ETag', 'Idempotent-Replayed'),
      content: { 'application/json': { schema: orderAnswer, examples: canceledOrders } },
      links: { read: toOrder('$response.body#/id').read },
    },
    202: {
      description: 'The order, which will be canceled',
      headers: answeredWith('ETag', 'Retry-After', 'Idempotent-Replayed'),
      content: { 'application/json': { schema: orderAnswer, examples: cancelingOrders } },
      links: { read: toOrder('$response.body#/id').read },
    },
    ...refusals(
      ...guarded,
      ...keyed,
      'validation_failed',
      'order_not_found',
      'too_late',
      'precondition_failed',
    ),
  },
};

export const orderPaths: ZodOpenApiPathsObject = {
  '/v1/orders': { post: placeOrder, get: listOrders },
  '/v1/orders/batch': { post: placeOrders },
  '/v1/orders/{id}': { get: getOrder },
  '/v1/orders/{id}/timeline': { get: getTimeline },
  '/v1/orders/{id}/cancel': { post: cancelOrder },
};
