import { tracing } from '@opentelemetry/sdk-node';
import type { SamplerName } from './settings.ts';

export interface SamplerSettings {
  readonly sampler: SamplerName;
  /** Of traces that begin here, with the samplers that take one: from 0 to 1. */
  readonly ratio: number;
}

const { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, TraceIdRatioBasedSampler } = tracing;

/** As OpenTelemetry's specification names them. */
const samplers: Readonly<Record<SamplerName, (ratio: number) => tracing.Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
  parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  parentbased_traceidratio: (ratio) => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
};

export function createSampler({ sampler, ratio }: SamplerSettings): tracing.Sampler {
  return samplers[sampler](ratio);
}
