import { randomUUID } from 'node:crypto';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { node, resources, tracing } from '@opentelemetry/sdk-node';
import { activeRequestId, withCorrelation } from '../../src/platform/correlation.ts';
import { activeTraceparent, type Telemetry } from '../../src/platform/telemetry.ts';
import { outsideWorld } from './outside-world.ts';
import { describeRuns, type TimeSkippingServer } from './time-skipping-server.ts';

const exporter = new tracing.InMemorySpanExporter();

const tests = (server: () => TimeSkippingServer): void => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  beforeEach(() => exporter.reset());

  /** The traceparents and the client's ids that the order's activities ran with. */
  const processOrder = async (traceFlags: number) => {
    const traceparents: unknown[] = [];
    const correlations: unknown[] = [];
    const orderId = randomUUID();
    const { activities } = outsideWorld(orderId);
    const listening = Object.fromEntries(
      Object.entries(activities).map(([name, activity]) => [
        name,
        (...args: unknown[]) => {
          traceparents.push(activeTraceparent());
          correlations.push(activeRequestId());
          return Reflect.apply(activity, undefined, args);
        },
      ]),
    ) as unknown as typeof activities;
    const span = { traceId, spanId: '00f067aa0ba902b7', traceFlags };
    const parent = withCorrelation(trace.setSpanContext(ROOT_CONTEXT, span), 'request-1');
    await context.with(parent, () => server().serve(orderId, listening, (started) => started.result()));
    return { traceparents, correlations };
  };

  test('reaches its activities, with the run’s own spans, when it is sampled', async () => {
    const { traceparents, correlations } = await processOrder(1);
    expect(traceparents).toEqual(Array(3).fill(expect.stringMatching(`^00-${traceId}-[0-9a-f]{16}-01$`)));
    expect(correlations).toEqual(Array(3).fill('request-1'));
    const spans = exporter.getFinishedSpans();
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
    expect(spans.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'RunWorkflow:processOrder',
        'StartActivity:beginOrder',
        'StartActivity:chargeOrder',
        'StartActivity:completeOrder',
      ]),
    );
  });

  test('reaches its activities, and nothing is recorded, when it is not sampled', async () => {
    const { traceparents, correlations } = await processOrder(0);
    expect(traceparents).toEqual(Array(3).fill(expect.stringMatching(`^00-${traceId}-[0-9a-f]{16}-00$`)));
    expect(correlations).toEqual(Array(3).fill('request-1'));
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
};

describeRuns('the trace that an order came with', tests, () => recordingInto(exporter));

function recordingInto(exporter: tracing.SpanExporter): Telemetry {
  const spanProcessor = new tracing.SimpleSpanProcessor(exporter);
  const resource = resources.resourceFromAttributes({ 'service.name': 'tbd-test' });
  const provider = new node.NodeTracerProvider({ resource, spanProcessors: [spanProcessor] });
  provider.register();
  return { resource, spanProcessor, [Symbol.asyncDispose]: () => provider.shutdown() };
}
