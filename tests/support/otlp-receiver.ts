import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { z } from 'zod';
import { serveOtlp } from './otlp-service.ts';

export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  /** As OTLP numbers them: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** undefined for the first of a trace. */
  readonly parentId: string | undefined;
  readonly milliseconds: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
  /** Ids of the spans that it points to. */
  readonly links: readonly string[];
  readonly isError: boolean;
}

export interface OtlpReceiver extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  /** All that came so far. */
  readonly spans: readonly ReceivedSpan[];
  /** What the last export brought beside its spans. */
  readonly headers: () => Readonly<Record<string, unknown>>;
}

const keyValues = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()).default({}) }))
  .default([])
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]])));
const hex = z.string().transform((text) => Buffer.from(text, 'base64').toString('hex'));
const nanos = z.string().transform(BigInt);
const exported = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: keyValues }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: hex,
              spanId: hex,
              parentSpanId: hex.optional(),
              name: z.string(),
              kind: z.int(),
              startTimeUnixNano: nanos,
              endTimeUnixNano: nanos,
              attributes: keyValues,
              events: z.array(z.object({ name: z.string() })).default([]),
              links: z.array(z.object({ spanId: hex })).default([]),
              status: z.object({ code: z.int().default(0) }).default({ code: 0 }),
            }),
          ),
        }),
      ),
    }),
  ),
});

const request = protobuf
  .parse(readFileSync(new URL('otlp.proto', import.meta.url), 'utf8'))
  .root.lookupType('otlp.ExportRequest');

/** A collector that keeps what it is sent: OTLP over gRPC, as on the wire. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  let headers: Record<string, unknown> = {};
  const service = await serveOtlp((bytes, metadata) => {
    spans.push(...readExport(bytes));
    headers = metadata.getMap();
  });
  return {
    endpoint: `127.0.0.1:${service.port}`,
    spans,
    headers: () => headers,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

function readExport(bytes: Buffer): ReceivedSpan[] {
  const plain = request.toObject(request.decode(bytes), { longs: String, bytes: String });
  return exported.parse(plain).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ parentSpanId, startTimeUnixNano, endTimeUnixNano, events, links, status, ...span }) => ({
        ...span,
        service: String(resource.attributes['service.name']),
        parentId: parentSpanId || undefined,
        milliseconds: Number(endTimeUnixNano - startTimeUnixNano) / 1e6,
        events: events.map(({ name }) => name),
        links: links.map(({ spanId }) => spanId),
        isError: status.code === 2,
      })),
  );
}
