import type {
  ZodOpenApiMediaTypeObject,
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
} from 'zod-openapi';
import { amountOrder, productOrders as productList, productOrder } from '../legacy-schemas.ts';
import { amountOrders, productBatches, productOrders } from './examples.ts';
import { askedWith } from './headers.ts';
import { eachPlaced, placed, security } from './orders.ts';
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
    202: placed,
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
    207: eachPlaced,
    ...refusals(...guarded, ...keyed, ...withBody, 'admission_closed'),
  },
};

export const legacyPaths: ZodOpenApiPathsObject = {
  '/orders': { post: placing('placeAmountOrder', { schema: amountOrder, examples: amountOrders }) },
  '/api/v1/orders': { post: placing('placeProductOrder', { schema: productOrder, examples: productOrders }) },
  '/api/v1/orders/batch': { post: placeProductOrders },
};
