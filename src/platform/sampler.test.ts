import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { tracing } from '@opentelemetry/sdk-node';
import { createSampler, type SamplerSettings } from './sampler.ts';

// A ratio goes by the sum of an id's four words, without carries.
const low = '00000000000000000000000000000001';
const high = 'ffffffff000000000000000000000000';

const begun = (isSampled: boolean) =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: high,
    spanId: '1'.repeat(16),
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  });

function records(settings: SamplerSettings, context = ROOT_CONTEXT, traceId = high): boolean {
  const { decision } = createSampler(settings).shouldSample(context, traceId, '', SpanKind.SERVER, {}, []);
  return decision === tracing.SamplingDecision.RECORD_AND_SAMPLED;
}

test.each([
  ['always_on', [true, true, true, true]],
  ['always_off', [false, false, false, false]],
  ['traceidratio', [true, false, false, false]],
  ['parentbased_always_on', [true, true, true, false]],
  ['parentbased_always_off', [false, false, true, false]],
  ['parentbased_traceidratio', [true, false, true, false]],
] as const)('%s decides as OpenTelemetry’s specification has it', (sampler, decisions) => {
  const settings = { sampler, ratio: 0.1 };
  expect([
    records(settings, ROOT_CONTEXT, low),
    records(settings, ROOT_CONTEXT, high),
    records(settings, begun(true)),
    records(settings, begun(false)),
  ]).toEqual(decisions);
});
