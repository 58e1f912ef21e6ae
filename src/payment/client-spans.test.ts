import { node, tracing } from '@opentelemetry/sdk-node';
import { createCircuitBreaker } from './circuit-breaker.ts';
import { createPaymentClient } from './client.ts';
import { answering, captured, oneAfterAnother, order, problem, serve } from './provider.fixture.ts';

const exporter = new tracing.InMemorySpanExporter();
const provider = new node.NodeTracerProvider({ spanProcessors: [new tracing.SimpleSpanProcessor(exporter)] });
provider.register();
afterEach(() => exporter.reset());
afterAll(() => provider.shutdown());

const { signal } = new AbortController();
const limits = { failures: 1, failurePct: 100, minCalls: 100, windowMs: 1_000, openMs: 60_000, probes: 1 };

const spans = () =>
  exporter.getFinishedSpans().map(({ name, attributes, events }) => ({
    name,
    attributes,
    events: events.map((event) => event.name),
  }));

test('an attempt is a span with what it was about, and each of its tries a span within', async () => {
  await using service = await serve(oneAfterAnother(answering(500, problem), answering(201, captured)));
  const client = createPaymentClient({
    url: service.url,
    breaker: createCircuitBreaker(limits),
    budgetMs: 4_000,
  });
  await client.charge({ key: 'k', ...order, merchantId: 'shop-7' }, signal);
  expect(spans()).toEqual([
    {
      name: 'gatewayCall',
      attributes: expect.objectContaining({ 'retry.attempt': 1, 'http.response.status_code': 500 }),
      events: [],
    },
    {
      name: 'gatewayCall',
      attributes: expect.objectContaining({ 'retry.attempt': 2, 'http.response.status_code': 201 }),
      events: [],
    },
    {
      name: 'callPayment',
      attributes: {
        'payment.operation': 'charge',
        'idempotency.key': 'k',
        'order.id': 'o-1',
        'merchant.id': 'shop-7',
        'bulkhead.max': 10,
        'cb.state': 'closed',
        timeout_ms: 4_000,
        'retry.attempt': 2,
        'retry.succeeded': true,
      },
      events: ['retry.succeeded'],
    },
  ]);
  const [first, second, attempt] = exporter.getFinishedSpans();
  const { spanId } = attempt?.spanContext() ?? {};
  expect([first?.parentSpanContext?.spanId, second?.parentSpanContext?.spanId]).toEqual([spanId, spanId]);
});

test('the attempt that opens the breaker says so, and so does one that is refused', async () => {
  await using service = await serve(answering(500, problem));
  const client = createPaymentClient({ url: service.url, breaker: createCircuitBreaker(limits) });
  for (let attempts = 0; attempts < 2; attempts += 1)
    await client.findCharge('k', signal).catch(() => undefined);
  const attempts = spans().filter(({ name }) => name === 'callPayment');
  expect(attempts.map(({ attributes }) => [attributes['cb.state'], attributes['cb.open']])).toEqual([
    ['closed', true],
    ['open', true],
  ]);
  expect(attempts.map(({ events }) => events)).toEqual([
    ['cb.open', 'exception'],
    ['cb.open', 'exception'],
  ]);
});
