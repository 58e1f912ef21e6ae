import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { createAuthenticator } from '../../src/api/authenticator.ts';
import { createTemporalClient } from '../../src/platform/temporal-client.ts';
import { createRuns } from '../../src/runs/runs.ts';
import { keepStuck } from '../../src/store/stuck.ts';
import { orderWorkflowId, processOrderType } from '../../src/workflows/contract.ts';
import { startTestApi, type TestApi } from '../support/api.ts';
import { startIssuer } from '../support/issuer.ts';
import { silent } from '../support/log.ts';
import { parts } from '../support/parts.ts';
import { polling } from '../support/polling.ts';
import { type Link, startProxy } from '../support/proxy.ts';

const woken = new URL('../support/woken-workflow.ts', import.meta.url);
const verbs = ['retry', 'reset', 'fail-and-refund'];
const taskQueue = randomUUID();
const resources = new AsyncDisposableStack();
afterAll(() => resources.disposeAsync());

let api: TestApi;
let proxy: Link;
let client: Client;
beforeAll(async () => {
  const [host = '', port = ''] = parts().temporalAddress.split(':');
  proxy = resources.use(await startProxy({ host, port: Number(port) }));
  const connectionOptions = { address: `127.0.0.1:${proxy.port}` };
  const temporal = resources.use(
    createTemporalClient({ temporal: { connectionOptions }, namespace: 'default' }),
  );
  api = resources.use(await startTestApi(createRuns({ temporal, taskQueue, log: silent })));
  const connection = await Connection.connect({ address: parts().temporalAddress });
  resources.defer(() => connection.close());
  client = new Client({ connection });
});

const repair = (verb: string, id: string, body?: unknown) =>
  api.call({ path: `/v1/admin/orders/${id}/${verb}`, body });
const runOf = (id: string) => client.workflow.getHandle(orderWorkflowId(id)).describe();
const startRun = (id: string) =>
  client.workflow.start(processOrderType, { workflowId: orderWorkflowId(id), taskQueue, args: [] });

async function orderThatIs(status: string): Promise<string> {
  const { id } = (await api.call()).json;
  await api.database.rows('update orders set status = $2 where id = $1', [id, status]);
  return id;
}

test.each(['retry', 'reset', 'fail-and-refund'])('%s starts a run where there is none', async (verb) => {
  const id = await orderThatIs('processing');
  expect(await repair(verb, id)).toMatchObject({ status: 202, json: { id, status: 'processing' } });
  const { status, taskQueue: queue, staticSummary } = await runOf(id);
  expect([status.name, queue, await staticSummary()]).toEqual([
    'RUNNING',
    taskQueue,
    `order ${id.slice(0, 8)}… · 42.00 USD`,
  ]);
});

test('retry starts a run in the place of one that was terminated, once', async () => {
  const id = await orderThatIs('pending');
  const first = await startRun(id);
  await first.terminate();
  const answers = await Promise.all(Array.from({ length: 5 }, () => repair('retry', id)));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
  const { status, runId } = await runOf(id);
  expect(status.name).toBe('RUNNING');
  expect(runId).not.toBe(first.firstExecutionRunId);
});

test('retry leaves a run that runs where it is', async () => {
  const id = await orderThatIs('processing');
  const { firstExecutionRunId } = await startRun(id);
  expect((await repair('retry', id)).status).toBe(202);
  expect((await runOf(id)).runId).toBe(firstExecutionRunId);
});

test('reset lets a run begin anew, open or closed; one that has not begun is left where it is', async () => {
  const id = await orderThatIs('processing');
  const first = await startRun(id);
  expect((await repair('reset', id)).status).toBe(202);
  expect((await runOf(id)).runId).toBe(first.firstExecutionRunId);
  await polling(taskQueue, woken, async () => {
    // Its first task is done then.
    expect(await first.query('woken')).toBe(0);
  });
  expect((await repair('reset', id)).status).toBe(202);
  const second = await runOf(id);
  expect([second.status.name, second.runId === first.firstExecutionRunId]).toEqual(['RUNNING', false]);
  await client.workflow.getHandle(orderWorkflowId(id)).terminate();
  expect((await repair('reset', id)).status).toBe(202);
  const third = await runOf(id);
  expect([third.status.name, third.runId === second.runId]).toEqual(['RUNNING', false]);
});

test('an order that is failed shows the operator’s reason, not who it was, and is asked once', async () => {
  const id = await orderThatIs('processing');
  expect((await repair('fail-and-refund', id, { reason: 'the shop has closed' })).status).toBe(202);
  expect((await repair('fail-and-refund', id)).status).toBe(202);
  const { items } = (await api.call({ method: 'GET', path: `/v1/orders/${id}/timeline` })).json;
  expect(items.slice(1)).toEqual([
    expect.objectContaining({
      step: 'fail_requested',
      detail: { reason: 'the shop has closed', trace_id: expect.any(String) },
    }),
  ]);
});

test('every repair is told with who asked for it', async () => {
  const id = await orderThatIs('processing');
  await repair('retry', id);
  expect(api.lines.filter(({ order_id, verb }) => order_id === id && verb !== undefined)).toEqual([
    expect.objectContaining({
      msg: 'order repaired by operator',
      verb: 'retry',
      outcome: 'started',
      caller: 'anonymous',
    }),
  ]);
});

test.each(verbs)('%s is not for what is final', async (verb) => {
  for (const status of ['completed', 'failed', 'canceled']) {
    const id = await orderThatIs(status);
    expect(await repair(verb, id)).toMatchObject({ status: 409, json: { code: 'wrong_order_status' } });
  }
});

test('a pending order is not failed: it may be canceled', async () => {
  const id = await orderThatIs('pending');
  expect(await repair('fail-and-refund', id)).toMatchObject({
    status: 409,
    json: { code: 'wrong_order_status' },
  });
});

test.each(verbs)('%s of what is no order is a 404, and of what is no id a 400', async (verb) => {
  expect(await repair(verb, randomUUID())).toMatchObject({ status: 404, json: { code: 'order_not_found' } });
  expect(await repair(verb, '7')).toMatchObject({ status: 400, json: { code: 'validation_failed' } });
});

test.each([{ reason: '' }, { reason: 7 }, { why: 'x' }, { reason: 'x'.repeat(256) }])(
  'a reason that is none is refused: %j',
  async (body) => {
    const id = await orderThatIs('processing');
    expect(await repair('fail-and-refund', id, body)).toMatchObject({ status: 400 });
  },
);

test('while Temporal is away repairs answer 503 within its patience, and are good to repeat', async () => {
  const id = await orderThatIs('processing');
  await proxy.cut();
  for (const answer of await Promise.all(verbs.map((verb) => repair(verb, id))))
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      json: { code: 'temporal_unavailable' },
    });
  await proxy.heal();
  expect((await repair('fail-and-refund', id)).status).toBe(202);
}, 30_000);

test('what is stuck is listed, longest first, with totals for each reason', async () => {
  const [older, newer] = [randomUUID(), randomUUID()];
  await keepStuck(api.pool, {
    reasons: ['no_run'],
    orders: [newer, older].map((orderId, minutes) => ({
      orderId,
      reason: 'no_run',
      since: new Date(Date.now() - minutes * 60_000),
      detail: { status: 'processing' },
    })),
  });
  expect((await api.call({ method: 'GET', path: '/v1/admin/stuck' })).json).toEqual({
    items: [older, newer].map((order_id) => ({
      order_id,
      reason: 'no_run',
      since: expect.stringMatching(/Z$/),
      detail: { status: 'processing' },
    })),
    totals: expect.objectContaining({ no_run: 2, no_order: 0, refund_failed: 0 }),
  });
});

test('a reconciliation is asked for once, however often, and there is no report before the first', async () => {
  const path = '/v1/admin/reconciliation';
  expect((await api.call({ method: 'GET', path })).json).toEqual({ report: null, under_way: null });
  const answers = await Promise.all(Array.from({ length: 5 }, () => api.call({ path, body: undefined })));
  expect(new Set(answers.map(({ status, json }) => `${status} ${json.id}`)).size).toBe(1);
  expect(answers[0]).toMatchObject({ status: 202, json: { started_at: null } });
  expect((await api.call({ method: 'GET', path })).json).toEqual({
    report: null,
    under_way: answers[0]?.json,
  });
});

test('with AUTH_MODE=jwt operators need the scope admin, and customers’ scopes do not do', async () => {
  await using issuer = await startIssuer();
  await using guarded = await startTestApi({
    authenticator: createAuthenticator(issuer.settings, { log: silent }),
  });
  const bearer = async (scope: string) => ({
    Authorization: `Bearer ${await issuer.token({ claims: { scope } })}`,
  });
  const requests = [
    { method: 'GET', path: '/v1/admin/stuck' },
    { method: 'GET', path: '/v1/admin/reconciliation' },
    { path: '/v1/admin/reconciliation', body: undefined },
    ...verbs.map((verb) => ({ path: `/v1/admin/orders/${randomUUID()}/${verb}`, body: undefined })),
  ];
  for (const request of requests) {
    const asked = async (scope: string) =>
      (await guarded.call({ ...request, headers: await bearer(scope) })).status;
    expect((await guarded.call(request)).status).toBe(401);
    expect(await asked('orders:read orders:write')).toBe(403);
    expect([200, 202, 404]).toContain(await asked('admin'));
  }
});
