import type {
  ZodOpenApiMediaTypeObject,
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
} from 'zod-openapi';
import { amountOrder, productOrders as productList, productOrder } from '../legacy-schemas.ts';
import { batchAnswer, orderAnswer } from '../present.ts';
import { amountOrders, orders, productBatches, productOrders } from './examples.ts';
import { answeredWith, askedWith, retryLater } from './headers.ts';
import { security, toOrder } from './orders.ts';
import { guarded, keyed, refusals, withBody } from './refusals.ts';

const placing = (operationId: string, content: ZodOpenApiMediaTypeObject): ZodOpenApiOperationObject => ({
  operationId,
  tags: ['Earlier systems'],
  summary: 'Place an order in the shape of an earlier system',
  description:
    'As `POST /v1/orders`; decimal amounts become cents exactly or are refused, and a key is optional.',
  security: security('orders:write'),
  parameters: askedWith('Idempotency-Key'),
  requestBody: { required: true, content: { 'application/json': content } },
  responses: {
    202: {
      description: 'The order is placed, and pending',
      headers: answeredWith('Location', 'ETag', 'Retry-After', 'Idempotent-Replayed'),
      content: { 'application/json': { schema: orderAnswer, examples: orders } },
      links: toOrder('$response.body#/id'),
    },
    ...refusals(...guarded, ...keyed, ...withBody, 'admission_closed'),
  },
});

const placeProductOrders: ZodOpenApiOperationObject = {
  operationId: 'placeProductOrders',
  tags: ['Earlier systems'],
  summary: 'Place up to 1,000 orders in the shape of an earlier system',
  description: 'As `POST /v1/orders/batch`, as a bare list; a key is optional.',
  security: security('orders:write'),
  parameters: askedWith('Idempotency-Key'),
  requestBody: {
    required: true,
    content: { 'application/json': { schema: productList, examples: productBatches } },
  },
  responses: {
    207: {
      description: 'A result for each order; look at the status of each',
      headers: { ...answeredWith('Idempotent-Replayed'), ...retryLater },
      content: { 'application/json': { schema: batchAnswer } },
    },
    ...refusals(...guarded, ...keyed, ...withBody, 'admission_closed'),
  },
};

export const legacyPaths: ZodOpenApiPathsObject = {
  '/orders': { post: placing('placeAmountOrder', { schema: amountOrder, examples: amountOrders }) },
  '/api/v1/orders': { post: placing('placeProductOrder', { schema: productOrder, examples: productOrders }) },
  '/api/v1/orders/batch': { post: placeProductOrders },
};
