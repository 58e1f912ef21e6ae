import { randomBytes } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import { readOrder } from './outside/api.ts';
import { openSystem, type System } from './outside/system.ts';

let system: System;

beforeAll(async () => {
  system = await openSystem(process.env);
});
afterAll(() => system[Symbol.asyncDispose]());

const newOrder = { customer_email: 'traced@example.com', amount_cents: 700 };

test('one trace id goes from the request through the order, its records and its run to the last event', async () => {
  const answer = await system.api.post(newOrder);
  const order = readOrder(answer);
  const traceId = order.trace_id;
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(answer.headers.get('trace_id')).toBe(traceId);
  expect(answer.headers.get('traceparent')).toContain(traceId);

  await system.api.untilFinal(order.id);
  const traces = await eventually(async () => {
    const records = await system.events.read('order.created', 'order.processed');
    const own = records.filter(({ key }) => key === order.id);
    expect(own.map(({ topic }) => topic).sort()).toEqual(['order.created', 'order.processed']);
    return own.map(({ headers }) => traceIdOf(headers.traceparent));
  }, 15_000);
  expect(traces).toEqual([traceId, traceId]);
  expect(await traceIdInHistory(order.id)).toBe(traceId);
});

test('a client that brings a trace keeps it', async () => {
  const traceId = randomBytes(16).toString('hex');
  const answer = await system.api.post(newOrder, undefined, {
    traceparent: `00-${traceId}-${'1'.repeat(16)}-01`,
  });
  expect(readOrder(answer).trace_id).toBe(traceId);
  expect(answer.headers.get('trace_id')).toBe(traceId);
});

test('a client that brings a request id gets it back, and its order’s run and events name it', async () => {
  const requestId = `acceptance-${randomBytes(8).toString('hex')}`;
  const answer = await system.api.post(newOrder, undefined, { 'x-request-id': requestId });
  expect(answer.headers.get('x-request-id')).toBe(requestId);
  const { id } = readOrder(answer);
  await system.api.untilFinal(id);
  await eventually(async () => {
    const records = await system.events.read('order.created', 'order.processed');
    const own = records.filter(({ key }) => key === id);
    expect(own.map(({ headers }) => headers.correlation_id)).toEqual([requestId, requestId]);
  }, 15_000);
  expect(await carriersInHistory(id)).toContain(`correlation_id=${requestId}`);
});

function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent?.split('-')[1];
}

async function traceIdInHistory(orderId: string): Promise<string | undefined> {
  return traceIdOf(/"traceparent":"([^"]*)"/.exec(await carriersInHistory(orderId))?.[1]);
}

/** The first event carries the context in which the run was started. */
async function carriersInHistory(orderId: string): Promise<string> {
  const { events } = await system.runs.client.workflow.getHandle(`order-${orderId}`).fetchHistory();
  const fields = events?.[0]?.workflowExecutionStartedEventAttributes?.header?.fields ?? {};
  return Object.values(fields)
    .map(({ data }) => Buffer.from(data ?? []).toString())
    .join();
}
