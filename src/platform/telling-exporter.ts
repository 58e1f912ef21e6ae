import { core, type tracing } from '@opentelemetry/sdk-node';
import type { Logger } from './logger.ts';
import { outsideTraces } from './telemetry.ts';

// A collector that is away is away for every batch.
const quietMs = 60_000;

/** As `exporter`, and says in the log that spans were lost, once a minute at most; nobody else is to mind. */
export function tellingExporter(
  exporter: tracing.SpanExporter,
): tracing.SpanExporter & { readonly reportTo: (log: Logger) => void } {
  let log: Logger | undefined;
  let lost = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (count: number, error: unknown): void => {
    lost += count;
    if (log === undefined || performance.now() - toldAt < quietMs) return;
    const fields = { err: error, spans: lost };
    // A batch is exported in the context of whoever began it: his request is no more to blame than the others.
    const told = log;
    outsideTraces(() => told.warn(fields, 'spans not exported, they are lost'));
    toldAt = performance.now();
    lost = 0;
  };
  return {
    export: (spans, done) =>
      exporter.export(spans, ({ code, error }) => {
        if (code === core.ExportResultCode.FAILED) tell(spans.length, error);
        done({ code: core.ExportResultCode.SUCCESS });
      }),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
    reportTo: (given) => {
      log = given;
    },
  };
}
