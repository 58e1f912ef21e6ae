import { randomUUID } from 'node:crypto';
import { orderAnswer, orderListAnswer } from '../../src/api/present.ts';
import {
  letterListAnswer,
  letterStatsAnswer,
  wholeLetterAnswer,
} from '../../src/api/present-dead-letters.ts';
import {
  accountAnswer,
  accountListAnswer,
  transactionAnswer,
  transactionListAnswer,
  trialBalanceAnswer,
} from '../../src/api/present-ledger.ts';
import { rangeReplaysAnswer, replaysAnswer } from '../../src/api/present-replays.ts';
import { transactionTimelineAnswer } from '../../src/api/present-timeline.ts';
import { apiProblems } from '../../src/api/problem-types.ts';
import { apiRouters } from '../../src/api/server.ts';
import { keepStuck } from '../../src/store/stuck.ts';
import { type Answer, type Call, startTestApi, type TestApi } from '../support/api.ts';
import { type Operation, operationsOf } from '../support/api-document.ts';
import { type Tried, tryDocument } from '../support/api-walk.ts';
import { plantLetters } from '../support/dead-letters.ts';
import { silent } from '../support/log.ts';

let api: TestApi;
let operations: readonly Operation[];
let tried: readonly Tried[];
beforeAll(async () => {
  api = await startTestApi();
  await makeStuck();
  await plantLetters(api.pool, {});
  const { json } = await api.call({ method: 'GET', path: '/openapi.json' });
  operations = operationsOf(json);
  tried = await tryDocument(operations, api.call);
});
afterAll(() => api[Symbol.asyncDispose]());

/** An order for operators to mend: links lead there from the list of what is stuck. */
async function makeStuck(): Promise<void> {
  const { id: orderId } = (await api.call()).json;
  await api.database.rows(`update orders set status = 'processing' where id = $1`, [orderId]);
  const stuck = { orderId, reason: 'no_run', since: new Date(), detail: {} } as const;
  await keepStuck(api.pool, { reasons: ['no_run'], orders: [stuck] });
}

const nameOf = ({ method, path }: Pick<Operation, 'method' | 'path'>) => `${method} ${path}`;

/** As the routers have it; HEAD comes with every GET. */
function servedOperations(): string[] {
  const deps = {
    pool: api.pool,
    signal: () => undefined,
    log: silent,
    idempotencyTtlMs: 1,
    replays: { consumerGroup: 'workers', most: 5 },
    admission: { admit: () => undefined },
    wakeRun: async () => {},
    resumeRun: async () => 'woken' as const,
    resetRun: async () => 'reset' as const,
    placeOrder: () => Promise.reject(new Error('nothing is placed here')),
    placeTransaction: () => Promise.reject(new Error('nothing is placed here')),
  };
  return apiRouters({ ...deps, operations: { required: {} } }, { customers: [], operators: [] })
    .flatMap(({ stack }) => stack)
    .flatMap(({ methods, path }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => ({ method, path: String(path) })),
    )
    .map(({ method, path }) => nameOf({ method, path: path.replace(/:(\w+)/g, '{$1}').replace(/\/$/, '') }));
}

test('what is served is in the document, and what is in the document is served', () => {
  expect(operations.map(nameOf).toSorted()).toEqual(servedOperations().toSorted());
});

test('every example of the document, and every link, is accepted as it stands', () => {
  expect(tried.filter(({ answer }) => answer.status >= 400).map(shortly)).toEqual([]);
  const reached = new Set(tried.map(({ operation }) => nameOf(operation)));
  expect([...reached].toSorted()).toEqual(operations.map(nameOf).toSorted());
});

test('links lead from a new order to reading and canceling it', () => {
  const via = tried.flatMap(({ link }) => link ?? []);
  expect(via).toEqual(
    expect.arrayContaining(['placeOrder → getOrder', 'placeOrder → cancelOrder', 'getOrder → cancelOrder']),
  );
});

test('every answer is one that the document has: its status, its media type, its headers', () => {
  for (const one of tried) expect([shortly(one), differences(one)]).toEqual([shortly(one), []]);
});

function shortly({ operation, answer, link }: Tried): string {
  return `${link ?? nameOf(operation)}: ${answer.status} ${answer.json?.detail ?? ''}`;
}

function differences({ operation, answer }: Pick<Tried, 'operation' | 'answer'>): string[] {
  const response = operation.responses[answer.status];
  if (response === undefined) return ['status'];
  const type = answer.headers['content-type']?.split(';')[0] ?? '';
  const required = Object.entries(response.headers ?? {}).filter(([, header]) => header.required);
  return [
    ...(response.content === undefined || Object.hasOwn(response.content, type) ? [] : [type]),
    ...required.map(([name]) => name).filter((name) => answer.headers[name.toLowerCase()] === undefined),
  ];
}

test.each([
  [['placeOrder', 'getOrder', 'cancelOrder'], orderAnswer],
  [['listOrders'], orderListAnswer],
  [['openAccount', 'getAccount', 'changeAccount'], accountAnswer],
  [['listAccounts'], accountListAnswer],
  [['createTransaction', 'getTransaction'], transactionAnswer],
  [['listTransactions'], transactionListAnswer],
  [['getTransactionTimeline'], transactionTimelineAnswer],
  [['getLedger'], trialBalanceAnswer],
  [['listDeadLetters', 'deadLettersAsBefore'], letterListAnswer],
  [['getDeadLetter'], wholeLetterAnswer],
  [['countDeadLetters', 'deadLetterStatsAsBefore'], letterStatsAnswer],
  [['replayDeadLetters', 'replayAsBefore'], replaysAnswer],
  [['replayDeadLettersOfTime', 'replayOfTimeAsBefore'], rangeReplaysAnswer],
])('%j: the fields are those of the document and no other', (ids, schema) => {
  for (const id of ids) {
    const answers = tried.filter(({ operation }) => operation.id === id);
    expect(answers).not.toEqual([]);
    for (const { answer } of answers) expect(schema.strict().parse(answer.json)).toEqual(answer.json);
  }
});

const cancel = { path: `/v1/orders/${randomUUID()}/cancel`, body: undefined };
const refused: readonly [string, string, Call][] = [
  ['placeOrder', 'idempotency_key_required', { headers: { 'Idempotency-Key': undefined } }],
  ['placeOrder', 'idempotency_key_invalid', { headers: { 'Idempotency-Key': 'a b' } }],
  ['placeOrder', 'malformed_json', { body: '{' }],
  ['placeOrder', 'number_too_precise', { body: '{"amount_cents": 9007199254740991.4}' }],
  ['placeOrder', 'validation_failed', { body: {} }],
  ['placeOrder', 'body_too_large', { body: 'x'.repeat(1_000_001) }],
  ['placeOrder', 'unsupported_media_type', { headers: { 'Content-Type': 'text/plain' } }],
  ['listOrders', 'validation_failed', { method: 'GET', path: '/v1/orders?limit=0' }],
  ['getOrder', 'validation_failed', { method: 'GET', path: '/v1/orders/7' }],
  ['getOrder', 'order_not_found', { method: 'GET', path: `/v1/orders/${randomUUID()}` }],
  ['cancelOrder', 'order_not_found', cancel],
  ['retryOrder', 'order_not_found', { ...cancel, path: `/v1/admin/orders/${randomUUID()}/retry` }],
  [
    'failAndRefundOrder',
    'malformed_json',
    { path: `/v1/admin/orders/${randomUUID()}/fail-and-refund`, body: '{' },
  ],
  ['openAccount', 'validation_failed', { path: '/v1/accounts', body: { currency: 'usd' } }],
  ['getAccount', 'account_not_found', { method: 'GET', path: `/v1/accounts/${randomUUID()}` }],
  [
    'changeAccount',
    'precondition_required',
    { method: 'PATCH', path: `/v1/accounts/${randomUUID()}`, body: { status: 'ACTIVE' } },
  ],
  [
    'listTransactions',
    'account_not_found',
    { method: 'GET', path: `/v1/accounts/${randomUUID()}/transactions` },
  ],
  ['createTransaction', 'validation_failed', { path: '/v1/transactions', body: {} }],
  ['getTransaction', 'transaction_not_found', { method: 'GET', path: `/v1/transactions/${randomUUID()}` }],
  [
    'getTransactionTimeline',
    'transaction_not_found',
    { method: 'GET', path: `/v1/transactions/${randomUUID()}/timeline` },
  ],
  ['listDeadLetters', 'validation_failed', { method: 'GET', path: '/v1/dlq/messages?from=now' }],
  ['getDeadLetter', 'dead_letter_not_found', { method: 'GET', path: '/v1/dlq/messages/none' }],
  ['replayDeadLetters', 'validation_failed', { path: '/v1/dlq/replay', body: {} }],
  ['replayDeadLettersOfTime', 'malformed_json', { path: '/v1/dlq/replay/batch', body: '{' }],
  ['problemType', 'not_found', { method: 'GET', path: '/problems/none' }],
  ['docsFile', 'not_found', { method: 'GET', path: '/docs/none.js' }],
];

test.each(refused)('%s refuses as the document says: %s', async (id, code, call) => {
  const [operation] = operations.filter((one) => one.id === id);
  if (operation === undefined) throw new Error(`the document has no operation ${id}`);
  const answer = await api.call(call);
  expect(answer.json.code).toBe(code);
  expect(differences({ operation, answer })).toEqual([]);
  const { content } = operation.responses[answer.status] ?? {};
  expect(Object.keys(content?.['application/problem+json']?.examples ?? {})).toContain(code);
});

test('the type of every problem leads to a page about it', async () => {
  const pages = tried.filter(({ operation }) => operation.id === 'problemType');
  expect(pages).toHaveLength(Object.keys(apiProblems).length);
  for (const [code, { status }] of Object.entries(apiProblems)) {
    const answer: Answer = await api.call({
      method: 'GET',
      path: `/problems/${code}`,
      headers: { Accept: 'application/json' },
    });
    expect(answer.json).toMatchObject({ code, status, type: `/problems/${code}` });
  }
});
