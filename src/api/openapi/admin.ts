import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { orderAnswer } from '../present.ts';
import { reconciliationAnswer, requestAnswer, stuckAnswer } from '../present-admin.ts';
import { trialBalanceAnswer } from '../present-ledger.ts';
import { failureRequest } from '../schemas.ts';
import { failureRequests, reconciliations, stuckOrders } from './examples-admin.ts';
import { trialBalances } from './examples-ledger.ts';
import { answeredWith, askedWith } from './headers.ts';
import { orderId, security } from './orders.ts';
import { guarded, refusals, withBody } from './refusals.ts';

const operation = { tags: ['Admin'], security: security('admin') };

const shown = (description: string, content: ZodOpenApiResponseObject['content']) => ({
  description,
  headers: answeredWith(),
  content,
});

const toRepairs = Object.fromEntries(
  ['retryOrder', 'resetOrder', 'failAndRefundOrder'].map((operationId) => [
    operationId,
    { operationId, parameters: { id: '$response.body#/items/0/order_id' } },
  ]),
);

const listStuck: ZodOpenApiOperationObject = {
  ...operation,
  operationId: 'listStuck',
  summary: 'Orders that do not go on by themselves',
  description: 'What a keeper’s last look found, some seconds ago. What each reason means is in the runbook.',
  parameters: askedWith(),
  responses: {
    200: {
      ...shown('They', { 'application/json': { schema: stuckAnswer, examples: stuckOrders } }),
      links: toRepairs,
    },
    ...refusals(...guarded),
  },
};

/** An operator's repair of one order; it may be repeated. */
const repair = (
  operationId: string,
  rest: Omit<ZodOpenApiOperationObject, 'responses'>,
): ZodOpenApiOperationObject => ({
  ...operation,
  operationId,
  parameters: [orderId, ...askedWith()],
  ...rest,
  responses: {
    202: {
      description: 'The order as it is; look at it again in a moment',
      headers: answeredWith('ETag', 'Retry-After'),
      content: { 'application/json': { schema: orderAnswer } },
    },
    ...refusals(
      ...guarded,
      ...(rest.requestBody === undefined ? (['validation_failed'] as const) : withBody),
      'order_not_found',
      'wrong_order_status',
      'temporal_unavailable',
    ),
  },
});

const retryOrder = repair('retryOrder', {
  summary: 'Wake an order’s run, or start one',
  description:
    'For a pending or processing order. A new run takes it up where it is, and charges nothing twice.',
});

const resetOrder = repair('resetOrder', {
  summary: 'Let an order’s run begin anew',
  description:
    'For a pending or processing order whose run went wrong: it goes back to its first task. Where there is no run it starts one.',
});

const failAndRefundOrder = repair('failAndRefundOrder', {
  summary: 'Fail an order, and give back what was charged',
  description: 'For a processing order. A cancel that its customer asked for goes before it.',
  requestBody: {
    required: false,
    content: { 'application/json': { schema: failureRequest, examples: failureRequests } },
  },
});

const getReconciliation: ZodOpenApiOperationObject = {
  ...operation,
  operationId: 'getReconciliation',
  summary: 'The last comparison of orders, payments, runs and events',
  parameters: askedWith(),
  responses: {
    200: shown('Its report', {
      'application/json': { schema: reconciliationAnswer, examples: reconciliations },
    }),
    ...refusals(...guarded),
  },
};

const startReconciliation: ZodOpenApiOperationObject = {
  ...operation,
  operationId: 'startReconciliation',
  summary: 'Compare orders, payments, runs and events',
  description: 'A keeper takes it up within seconds. While one waits or runs, that one is answered.',
  parameters: askedWith(),
  responses: {
    202: {
      description: 'What will be, or is, under way',
      headers: answeredWith('Location', 'Retry-After'),
      content: { 'application/json': { schema: requestAnswer } },
    },
    ...refusals(...guarded),
  },
};

const getLedger: ZodOpenApiOperationObject = {
  ...operation,
  operationId: 'getLedger',
  summary: 'The trial balance of the whole book',
  description:
    'All entries added up, by currency, and compared with the balances of accounts. Sums are decimal digits in text: they may lie beyond 2^53.',
  parameters: askedWith(),
  responses: {
    200: shown('It', { 'application/json': { schema: trialBalanceAnswer, examples: trialBalances } }),
    ...refusals(...guarded),
  },
};

export const adminPaths: ZodOpenApiPathsObject = {
  '/v1/admin/stuck': { get: listStuck },
  '/v1/admin/orders/{id}/retry': { post: retryOrder },
  '/v1/admin/orders/{id}/reset': { post: resetOrder },
  '/v1/admin/orders/{id}/fail-and-refund': { post: failAndRefundOrder },
  '/v1/admin/reconciliation': { get: getReconciliation, post: startReconciliation },
  '/v1/admin/ledger': { get: getLedger },
};
