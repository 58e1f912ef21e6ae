import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { accountChange, newAccount } from '../ledger-schemas.ts';
import { accountAnswer, accountListAnswer, transactionListAnswer } from '../present-ledger.ts';
import { pageQuery } from '../schemas.ts';
import {
  accountChanges,
  accountLists,
  accounts,
  changedStates,
  newAccounts,
  suspendedAccounts,
  transactionLists,
} from './examples-ledger.ts';
import { answeredWith, askedWith, requestHeaders } from './headers.ts';
import { idParameter, security } from './orders.ts';
import { guarded, keyed, refusals, withBody } from './refusals.ts';

const id = idParameter('account');

const toAccount = (from: string) =>
  Object.fromEntries(
    ['getAccount', 'changeAccount', 'listTransactions'].map((operationId) => [
      operationId,
      { operationId, parameters: { id: from } },
    ]),
  );

const openAccount: ZodOpenApiOperationObject = {
  operationId: 'openAccount',
  tags: ['Ledger'],
  summary: 'Open an account',
  description:
    'It is there at once, and empty. With an Idempotency-Key a repeat gets the same account, as it is by then.',
  security: security('orders:write'),
  parameters: askedWith('Idempotency-Key'),
  requestBody: {
    required: true,
    content: { 'application/json': { schema: newAccount, examples: newAccounts } },
  },
  responses: {
    201: {
      description: 'The account is open',
      headers: answeredWith('Location', 'ETag', 'Idempotent-Replayed'),
      content: { 'application/json': { schema: accountAnswer, examples: accounts } },
      links: toAccount('$response.body#/id'),
    },
    ...refusals(...guarded, ...keyed, ...withBody),
  },
};

const listAccounts: ZodOpenApiOperationObject = {
  operationId: 'listAccounts',
  tags: ['Ledger'],
  summary: 'List your accounts, newest first',
  security: security('orders:read'),
  parameters: askedWith(),
  requestParams: { query: pageQuery },
  responses: {
    200: {
      description: 'A page of accounts',
      headers: answeredWith('Link'),
      content: { 'application/json': { schema: accountListAnswer, examples: accountLists } },
      links: {
        getAccount: { operationId: 'getAccount', parameters: { id: '$response.body#/items/0/id' } },
        next: { operationId: 'listAccounts', parameters: { cursor: '$response.body#/next' } },
      },
    },
    ...refusals(...guarded, 'validation_failed'),
  },
};

const getAccount: ZodOpenApiOperationObject = {
  operationId: 'getAccount',
  tags: ['Ledger'],
  summary: 'Read an account and its balance',
  description: 'Somebody else’s account is a 404, as if it were not there.',
  security: security('orders:read'),
  parameters: [id, ...askedWith('If-Match', 'If-None-Match')],
  responses: {
    200: {
      description: 'The account',
      headers: answeredWith('ETag'),
      content: { 'application/json': { schema: accountAnswer, examples: accounts } },
    },
    304: { description: 'It still has the ETag in If-None-Match', headers: answeredWith('ETag') },
    ...refusals(...guarded, 'validation_failed', 'account_not_found', 'precondition_failed'),
  },
};

const changeAccount: ZodOpenApiOperationObject = {
  operationId: 'changeAccount',
  tags: ['Ledger'],
  summary: 'Suspend an account, or let it be used again',
  description:
    'A suspended account neither gives nor takes: transactions on it fail. What was applied before stays.',
  security: security('orders:write'),
  parameters: [
    id,
    { ...requestHeaders['If-Match'], required: true, examples: changedStates },
    ...askedWith(),
  ],
  requestBody: {
    required: true,
    content: { 'application/json': { schema: accountChange, examples: accountChanges } },
  },
  responses: {
    200: {
      description: 'The account, which has this status now or had it before',
      headers: answeredWith('ETag'),
      content: { 'application/json': { schema: accountAnswer, examples: suspendedAccounts } },
    },
    ...refusals(...guarded, ...withBody, 'account_not_found', 'precondition_failed', 'precondition_required'),
  },
};

const listTransactions: ZodOpenApiOperationObject = {
  operationId: 'listTransactions',
  tags: ['Ledger'],
  summary: 'List the transactions on an account, newest first',
  description: 'Those that were asked for on it; what came from another account is in the list of that one.',
  security: security('orders:read'),
  parameters: [id, ...askedWith()],
  requestParams: { query: pageQuery },
  responses: {
    200: {
      description: 'A page of transactions',
      headers: answeredWith('Link'),
      content: { 'application/json': { schema: transactionListAnswer, examples: transactionLists } },
      links: {
        getTransaction: { operationId: 'getTransaction', parameters: { id: '$response.body#/items/0/id' } },
        next: {
          operationId: 'listTransactions',
          parameters: { id: '$response.body#/items/0/account_id', cursor: '$response.body#/next' },
        },
      },
    },
    ...refusals(...guarded, 'validation_failed', 'account_not_found'),
  },
};

export const accountPaths: ZodOpenApiPathsObject = {
  '/v1/accounts': { post: openAccount, get: listAccounts },
  '/v1/accounts/{id}': { get: getAccount, patch: changeAccount },
  '/v1/accounts/{id}/transactions': { get: listTransactions },
};
