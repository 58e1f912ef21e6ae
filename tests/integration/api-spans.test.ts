import { randomUUID } from 'node:crypto';
import { node, tracing } from '@opentelemetry/sdk-node';
import { startTestApi, type TestApi } from '../support/api.ts';

// Registered before the api's own, which records nothing without an endpoint.
const exporter = new tracing.InMemorySpanExporter();
const provider = new node.NodeTracerProvider({ spanProcessors: [new tracing.SimpleSpanProcessor(exporter)] });
provider.register();

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await provider.shutdown();
});
afterEach(() => exporter.reset());

const spans = () =>
  exporter.getFinishedSpans().map(({ name, attributes, events }) => ({
    name,
    attributes,
    events: events.map((event) => event.name),
  }));

test('an accepted order is validated, created and persisted within its request’s trace', async () => {
  const key = randomUUID();
  const body = { merchant_id: 'shop-7', customer_email: 'ada@example.com', amount_cents: 1 };
  const { json } = await api.call({ headers: { 'Idempotency-Key': key }, body });
  expect(spans()).toEqual([
    { name: 'validate', attributes: {}, events: [] },
    { name: 'persistOrder', attributes: {}, events: [] },
    {
      name: 'createOrder',
      attributes: { 'order.id': json.id, 'merchant.id': 'shop-7', 'idempotency.hit': false },
      events: [],
    },
    { name: 'POST /v1/orders', attributes: {}, events: [] },
  ]);
  const traces = new Set(exporter.getFinishedSpans().map((span) => span.spanContext().traceId));
  expect(traces).toEqual(new Set([json.trace_id]));
});

test('an answer from an earlier request says so in its span', async () => {
  const headers = { 'Idempotency-Key': randomUUID() };
  const { json } = await api.call({ headers });
  exporter.reset();
  await api.call({ headers });
  expect(spans().find(({ name }) => name === 'createOrder')).toEqual({
    name: 'createOrder',
    attributes: { 'order.id': json.id, 'idempotency.hit': true },
    events: ['idempotent_request_cached'],
  });
});
