import http from 'node:http';
import https from 'node:https';
import { SpanKind } from '@opentelemetry/api';
import { bulkhead } from 'cockatiel';
import { histogram } from '../platform/metrics.ts';
import { injectTrace, inSpan } from '../platform/telemetry.ts';
import { PaymentProtocolError, PaymentUnavailableError } from './client-errors.ts';

interface Call {
  readonly operation: 'charge' | 'refund' | 'find_charge';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly key?: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export type Send = (call: Call, signal: AbortSignal) => Promise<Answer>;

// Below the charge activity's start-to-close of 5 s, so that the attempt ends with this error instead of Temporal's timeout;
// one that waited for its turn may meet that timeout all the same, and the next attempt asks by key first.
const deadlineMs = 4_000;
// The largest honest answer is below 2 kB.
const limitBytes = 65_536;

const callSeconds = histogram('payment_call_duration_seconds', 'Calls to the payment service, by status', [
  'operation',
  'status',
]);

/**
 * One try over kept-alive connections.
 * node:http and not fetch: 0.07 against 0.28 ms of CPU per call and 15,000 against 4,500 calls/s (10 at a time, loopback),
 * and one timer with one listener, because AbortSignal.any with AbortSignal.timeout alone would add 0.07 ms.
 */
export function createTransport(url: string, concurrency: number): Send {
  // A base path, if there is one, stays in front of ours.
  const base = new URL(url.endsWith('/') ? url : `${url}/`);
  const { Agent, request } = base.protocol === 'https:' ? https : http;
  // With any timeout of its own an Agent also heeds the server's Keep-Alive hint; without one it reuses connections
  // in the very moment in which the server closes them.
  const agent = new Agent({ keepAlive: true, timeout: 60_000 });
  // Who waits here holds an activity's slot, so the queue is bounded by those.
  const calls = bulkhead(concurrency, Number.POSITIVE_INFINITY);
  const exchangeOnce = (call: Call, signal: AbortSignal) =>
    inSpan({ name: `payment ${call.operation}`, kind: SpanKind.CLIENT }, async () => {
      signal.throwIfAborted();
      const stopTimer = callSeconds.startTimer({ operation: call.operation });
      let status = 'none';
      try {
        const answer = await exchange(request(new URL(call.path, base), options(call, agent)), call, signal);
        status = String(answer.status);
        return answer;
      } finally {
        stopTimer({ status });
      }
    });
  return (call, signal) => calls.execute(() => exchangeOnce(call, signal));
}

function options({ method, key }: Call, agent: http.Agent): http.RequestOptions {
  return {
    agent,
    method,
    headers: {
      ...injectTrace(),
      accept: 'application/json',
      ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
  };
}

function exchange(request: http.ClientRequest, { body }: Call, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const give = (error: unknown) => {
    reject(error);
    request.destroy();
  };
  const deadline = setTimeout(
    () => give(new PaymentUnavailableError(`no answer within ${deadlineMs} ms`)),
    deadlineMs,
  );
  const onAbort = () => give(signal.reason);
  signal.addEventListener('abort', onAbort);
  const onBroken = (cause: Error) => give(new PaymentUnavailableError(cause.message, { cause }));
  request.on('error', onBroken);
  request.on('response', (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('error', onBroken);
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limitBytes) give(new PaymentProtocolError(`an answer of more than ${limitBytes} bytes`));
      else chunks.push(chunk);
    });
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
    );
  });
  // One end() with the body lets Node set Content-Length instead of chunking.
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return promise.finally(() => {
    clearTimeout(deadline);
    signal.removeEventListener('abort', onAbort);
  });
}
