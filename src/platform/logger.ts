import { Writable } from 'node:stream';
import { trace } from '@opentelemetry/api';
import bunyan from 'bunyan';
import { activeRequestId } from './correlation.ts';
import { type Fields, writable } from './log-fields.ts';
import { prettyLine } from './pretty-line.ts';

export type { Fields } from './log-fields.ts';

/**
 * Structured log: the message is constant text, data goes into fields. Lines carry the active trace and span id, and the id
 * of the request that is answered or carried out; docs/logs.md has the others.
 */
export interface Logger {
  debug(fields: Fields, message: string): void;
  info(fields: Fields, message: string): void;
  warn(fields: Fields, message: string): void;
  error(fields: Fields, message: string): void;
}

export function createLogger({ service, level }: { service: string; level: bunyan.LogLevelString }): Logger {
  // Once, however many loggers there are.
  process.stdout.off('error', leaveUnwritten).on('error', leaveUnwritten);
  const stream = process.stdout.isTTY ? pretty(process.stdout) : process.stdout;
  // bunyan and its tools want a `name`; it is what others call the service.
  const log = bunyan.createLogger({ name: service, service, level, stream });
  const write = (severity: 'debug' | 'info' | 'warn' | 'error') =>
    // Asked once: below the level a line costs nothing but its fields.
    log[severity]()
      ? (fields: Fields, message: string): void => {
          log[severity](writable(fields, activeIds()), message);
        }
      : (): void => {};
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/**
 * A full disk, or a reader that has gone. Unheard it would be an uncaught exception, whose line cannot be written either, and so
 * on: the process did nothing else any more, not even heed a signal.
 */
function leaveUnwritten(): void {}

/** What a line that is written now belongs to; empty outside any trace. */
export function activeIds(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined) return {};
  const ids: Record<string, string> = { trace_id: span.traceId, span_id: span.spanId };
  const requestId = activeRequestId();
  if (requestId !== undefined) ids.request_id = requestId;
  return ids;
}

function pretty(terminal: NodeJS.WriteStream): Writable {
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      terminal.write(`${prettyLine(line.trimEnd())}\n`);
      done();
    },
  });
}
