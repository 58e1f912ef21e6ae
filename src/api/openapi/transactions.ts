import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { newTransaction } from '../ledger-schemas.ts';
import { transactionAnswer } from '../present-ledger.ts';
import { transactionTimelineAnswer } from '../present-timeline.ts';
import {
  newTransactionKeys,
  newTransactions,
  pendingTransactions,
  transactions,
  transactionTimelines,
} from './examples-ledger.ts';
import { answeredWith, askedWith } from './headers.ts';
import { idParameter, requiredKey, security } from './orders.ts';
import { guarded, keyed, refusals, withBody } from './refusals.ts';

const id = idParameter('transaction');

const createTransaction: ZodOpenApiOperationObject = {
  operationId: 'createTransaction',
  tags: ['Ledger'],
  summary: 'Ask for a transaction on an account',
  description:
    'Answers as soon as it is durable; it is applied once, soon after, or fails for a reason that it shows then: an unknown account and a lack of money too. An Idempotency-Key belongs to the account: on another one it is a new key.',
  security: security('orders:write'),
  parameters: [requiredKey(newTransactionKeys), ...askedWith()],
  requestBody: {
    required: true,
    content: { 'application/json': { schema: newTransaction, examples: newTransactions } },
  },
  responses: {
    202: {
      description: 'The transaction is accepted, and pending',
      headers: answeredWith('Location', 'ETag', 'Retry-After', 'Idempotent-Replayed'),
      content: { 'application/json': { schema: transactionAnswer, examples: pendingTransactions } },
      links: {
        read: { operationId: 'getTransaction', parameters: { id: '$response.body#/id' } },
        timeline: { operationId: 'getTransactionTimeline', parameters: { id: '$response.body#/id' } },
      },
    },
    ...refusals(...guarded, ...keyed, ...withBody, 'idempotency_key_required', 'admission_closed'),
  },
};

const getTransaction: ZodOpenApiOperationObject = {
  operationId: 'getTransaction',
  tags: ['Ledger'],
  summary: 'Read a transaction',
  description: 'Somebody else’s transaction is a 404, as if it were not there.',
  security: security('orders:read'),
  parameters: [id, ...askedWith('If-Match', 'If-None-Match')],
  responses: {
    200: {
      description: 'The transaction',
      headers: answeredWith('ETag'),
      content: { 'application/json': { schema: transactionAnswer, examples: transactions } },
    },
    304: { description: 'It still has the ETag in If-None-Match', headers: answeredWith('ETag') },
    ...refusals(...guarded, 'validation_failed', 'transaction_not_found', 'precondition_failed'),
  },
};

const getTransactionTimeline: ZodOpenApiOperationObject = {
  operationId: 'getTransactionTimeline',
  tags: ['Ledger'],
  summary: 'What happened to a transaction',
  description: 'Every step, oldest first; it stays when Temporal has forgotten the run.',
  security: security('orders:read'),
  parameters: [id, ...askedWith()],
  responses: {
    200: {
      description: 'The steps',
      headers: answeredWith(),
      content: { 'application/json': { schema: transactionTimelineAnswer, examples: transactionTimelines } },
    },
    ...refusals(...guarded, 'validation_failed', 'transaction_not_found'),
  },
};

export const transactionPaths: ZodOpenApiPathsObject = {
  '/v1/transactions': { post: createTransaction },
  '/v1/transactions/{id}': { get: getTransaction },
  '/v1/transactions/{id}/timeline': { get: getTransactionTimeline },
};
