import type { IncomingMessage } from 'node:http';
import { register } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { KoaInstrumentation, KoaLayerType } from '@opentelemetry/instrumentation-koa';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { core, NodeSDK, resources, tracing } from '@opentelemetry/sdk-node';
import { isOperations } from './http/operations-addresses.ts';
import { redactedExporter } from './redacted-exporter.ts';
import { redact } from './redaction.ts';
import { createSampler, type SamplerSettings } from './sampler.ts';
import type { Telemetry } from './telemetry.ts';
import { tellingExporter } from './telling-exporter.ts';

export interface TracingSettings extends SamplerSettings {
  /** OTLP over gRPC; host:port without a scheme is plaintext. */
  readonly endpoint: string;
  readonly serviceName: string;
}

// A quarter of a minute of everything that a busy process records; what is beyond is dropped, and its children are orphans.
const mostWaiting = 8_192;
const drainMs = 5_000;
// Whose request it was, and what else an address holds, is personal.
const leftOut = {
  'client.address': undefined,
  'network.peer.address': undefined,
  'network.peer.port': undefined,
  'url.query': undefined,
};

/**
 * Records spans and exports them. To be called before anything that it instruments is loaded: koa, pg, and whoever takes
 * functions of node:http by name. Not kafkajs, whose instrumentation would end each order's trace: ADR 18.
 */
export function startTracing({ endpoint, serviceName, ...sampling }: TracingSettings): Telemetry {
  // What ES modules import is instrumented on the way; nothing else is looked at.
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.url, {
    data: { include: ['http', 'https', 'koa', 'pg'] },
  });
  const resource = resources
    .detectResources({
      detectors: [resources.envDetector, resources.hostDetector, resources.serviceInstanceIdDetector],
    })
    .merge(resources.resourceFromAttributes({ 'service.name': serviceName }));
  const url = endpoint.includes('://') ? endpoint : `http://${endpoint}`;
  const exporter = tellingExporter(redactedExporter(new OTLPTraceExporter({ url })));
  const spanProcessor = new tracing.BatchSpanProcessor(exporter, { maxQueueSize: mostWaiting });
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    sampler: createSampler(sampling),
    spanProcessors: [spanProcessor],
    // Metrics have their own way, and logs theirs.
    metricReaders: [],
    logRecordProcessors: [],
    // Rows and records carry W3C's header and no other: OTEL_PROPAGATORS would end each order's trace at the first of them.
    textMapPropagator: new core.CompositePropagator({
      propagators: [new core.W3CTraceContextPropagator(), new core.W3CBaggagePropagator()],
    }),
    instrumentations: instrumentations(),
  });
  sdk.start();
  return {
    resource,
    spanProcessor,
    reportTo: exporter.reportTo,
    // Spans that no collector takes are lost as they are at any other time: a drain neither fails nor waits for them.
    async [Symbol.asyncDispose]() {
      const patience = new AbortController();
      const late = setTimeout(drainMs, undefined, { signal: patience.signal }).catch(() => {});
      await Promise.race([sdk.shutdown().catch(() => {}), late]);
      patience.abort();
    },
  };
}

function instrumentations() {
  return [
    new HttpInstrumentation({
      ignoreIncomingRequestHook: (request) => isOperations(pathOf(request)),
      requireParentforOutgoingSpans: true,
      startIncomingSpanHook: (request) => ({ ...leftOut, 'url.path': redact(pathOf(request)) }),
    }),
    new KoaInstrumentation({
      ignoreLayersType: [KoaLayerType.MIDDLEWARE],
      // A guard before a route is not the route; its handler has no name.
      requestHook: (span, { middlewareLayer: { name } }) => void (name && span.updateName(name)),
    }),
    // Statements have their placeholders; values stay out.
    new PgInstrumentation({ requireParentSpan: true, enhancedDatabaseReporting: false }),
    new UndiciInstrumentation({ requireParentforSpans: true }),
  ];
}

/** Proxies may ask for a whole address, which koa takes as well. */
function pathOf({ url = '' }: IncomingMessage): string {
  return url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] || '/';
}
