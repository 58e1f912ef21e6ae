import { SpanStatusCode } from '@opentelemetry/api';
import { tracing } from '@opentelemetry/sdk-node';
import { redactedExporter } from './redacted-exporter.ts';

test('what instrumentations keep of a failure holds nothing secret or personal', () => {
  const kept = new tracing.InMemorySpanExporter();
  const processor = new tracing.SimpleSpanProcessor(redactedExporter(kept));
  const tracer = new tracing.BasicTracerProvider({ spanProcessors: [processor] }).getTracer('test');
  const span = tracer.startSpan('work', { attributes: { 'user_agent.original': 'ada@example.com' } });
  span.recordException(new Error('no row for ada@example.com'));
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'password=hunter2 was refused' });
  span.end();
  const [ended] = kept.getFinishedSpans();
  expect(ended?.attributes).toEqual({ 'user_agent.original': '[e-mail]' });
  expect(ended?.events[0]?.attributes).toMatchObject({
    'exception.message': 'no row for [e-mail]',
    'exception.stacktrace': expect.stringContaining('no row for [e-mail]'),
  });
  expect(ended?.status.message).toBe('password=[redacted] was refused');
});
