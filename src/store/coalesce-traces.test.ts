import { randomUUID } from 'node:crypto';
import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { AlwaysOnSampler, NodeTracerProvider, ParentBasedSampler } from '@opentelemetry/sdk-trace-node';
import { activeTraceparent, inSpan } from '../platform/telemetry.ts';
import { coalesce } from './coalesce.ts';

const provider = new NodeTracerProvider({ sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }) });
provider.register();
afterAll(() => provider.shutdown());

const unsampled = () =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: randomUUID().replaceAll('-', ''),
    spanId: '1'.repeat(16),
    traceFlags: TraceFlags.NONE,
    isRemote: true,
  });

test('a batch is part of a trace of its own items, of one that is recorded if there is any', async () => {
  const batches: { items: readonly string[]; traceparent: string | null }[] = [];
  const call = coalesce<string, string>(
    async (items) => {
      batches.push({ items, traceparent: activeTraceparent() });
      return items;
    },
    {
      atOnce: 1,
      maxItems: 2,
      maxSize: 100,
      sizeOf: () => 1,
      patienceMs: 60_000,
      tooLate: () => new Error('too late'),
      isEverybodys: () => false,
    },
  );
  const traceparents = new Map<string, string | null>();
  const callIn = (item: string, parent = ROOT_CONTEXT) =>
    inSpan({ name: item, parent }, () => {
      traceparents.set(item, activeTraceparent());
      return call(item);
    });
  await Promise.all([callIn('a'), callIn('b', unsampled()), callIn('c'), callIn('d', unsampled())]);
  expect(batches).toEqual([
    { items: ['a'], traceparent: traceparents.get('a') },
    { items: ['b', 'c'], traceparent: traceparents.get('c') },
    { items: ['d'], traceparent: traceparents.get('d') },
  ]);
});
