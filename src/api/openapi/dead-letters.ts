import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { letterListQuery, replayRangeRequest, replayRequest } from '../dead-letter-schemas.ts';
import { letterListAnswer, letterStatsAnswer, wholeLetterAnswer } from '../present-dead-letters.ts';
import { rangeReplaysAnswer, replaysAnswer } from '../present-replays.ts';
import { letterLists, rangeRequests, replayRequests } from './examples-dead-letters.ts';
import { answeredWith, askedWith } from './headers.ts';
import { security } from './orders.ts';
import { guarded, refusals, withBody } from './refusals.ts';

const own = 'Dead letters';
const before = 'Earlier systems';

const shown = (
  description: string,
  content: NonNullable<ZodOpenApiResponseObject['content']>,
  ...headers: Parameters<typeof answeredWith>
): ZodOpenApiResponseObject => ({ description, headers: answeredWith(...headers), content });

const toLetter = {
  letter: { operationId: 'getDeadLetter', parameters: { id: '$response.body#/items/0/id' } },
};

const listing = (operationId: string, tag: string): ZodOpenApiOperationObject => ({
  operationId,
  tags: [tag],
  summary: 'Records that were set aside, newest first',
  description:
    'As the keeper has read them from `order.dlq` and `transactions.dlq`, some seconds after they were set aside and for 30 days. Values are shown with the single letter.',
  security: security('admin'),
  parameters: askedWith(),
  requestParams: { query: letterListQuery },
  responses: {
    200: {
      ...shown(
        'A page of them',
        { 'application/json': { schema: letterListAnswer, examples: letterLists } },
        'Link',
      ),
      links: {
        ...toLetter,
        next: { operationId, parameters: { cursor: '$response.body#/next' } },
      },
    },
    ...refusals(...guarded, 'validation_failed'),
  },
});

const getLetter: ZodOpenApiOperationObject = {
  operationId: 'getDeadLetter',
  tags: [own],
  summary: 'A record that was set aside, with its value and its replays',
  security: security('admin'),
  parameters: [
    {
      name: 'id',
      in: 'path',
      required: true,
      description: 'As in the list of them, with each / written as %2F',
      schema: { type: 'string' },
    },
    ...askedWith(),
  ],
  responses: {
    200: shown('It', { 'application/json': { schema: wholeLetterAnswer } }),
    ...refusals(...guarded, 'dead_letter_not_found'),
  },
};

const counting = (operationId: string, tag: string): ZodOpenApiOperationObject => ({
  operationId,
  tags: [tag],
  summary: 'How many records were set aside, and why',
  security: security('admin'),
  parameters: askedWith(),
  responses: {
    200: shown('The figures', { 'application/json': { schema: letterStatsAnswer } }),
    ...refusals(...guarded),
  },
});

const replayed =
  'A replay is one more try of the group that set the record aside, and of no other. It is sent soon, at most `DLQ_REPLAYS_PER_SECOND` a second; what is done already is not done again. `DLQ_MAX_REPLAYS` bounds the replays of one letter.';

const replaying = (operationId: string, tag: string): ZodOpenApiOperationObject => ({
  operationId,
  tags: [tag],
  summary: 'Have records handled once more',
  description: `${replayed} An edit makes a new event, which names the one it was made from in \`causation_id\`.`,
  security: security('admin'),
  parameters: askedWith(),
  requestBody: {
    required: true,
    content: { 'application/json': { schema: replayRequest, examples: replayRequests } },
  },
  responses: {
    200: shown('A result for each, unknown ones too', { 'application/json': { schema: replaysAnswer } }),
    ...refusals(...guarded, ...withBody),
  },
});

const replayingRange = (operationId: string, tag: string): ZodOpenApiOperationObject => ({
  operationId,
  tags: [tag],
  summary: 'Have the records of a time handled once more, oldest first',
  description: replayed,
  security: security('admin'),
  parameters: askedWith(),
  requestBody: {
    required: true,
    content: { 'application/json': { schema: replayRangeRequest, examples: rangeRequests } },
  },
  responses: {
    200: shown('A result for each', { 'application/json': { schema: rangeReplaysAnswer } }),
    ...refusals(...guarded, ...withBody),
  },
});

export const deadLetterPaths: ZodOpenApiPathsObject = {
  '/v1/dlq/messages': { get: listing('listDeadLetters', own) },
  '/v1/dlq/messages/{id}': { get: getLetter },
  '/v1/dlq/stats': { get: counting('countDeadLetters', own) },
  '/v1/dlq/replay': { post: replaying('replayDeadLetters', own) },
  '/v1/dlq/replay/batch': { post: replayingRange('replayDeadLettersOfTime', own) },
  '/api/v1/dlq/messages': { get: listing('deadLettersAsBefore', before) },
  '/api/v1/dlq/stats': { get: counting('deadLetterStatsAsBefore', before) },
  '/api/v1/replay': { post: replaying('replayAsBefore', before) },
  '/api/v1/replay/batch': { post: replayingRange('replayOfTimeAsBefore', before) },
};
