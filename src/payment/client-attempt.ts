import { setTimeout } from 'node:timers/promises';
import type { Span } from '@opentelemetry/api';
import { bulkhead } from 'cockatiel';
import { inSpan } from '../platform/telemetry.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { PaymentBreakerOpenError, PaymentUnavailableError } from './client-errors.ts';
import type { Answer, Call, Send } from './client-transport.ts';

export interface AttemptSettings {
  /** Attempts at once; further ones wait. */
  readonly concurrency: number;
  /** For all tries of one attempt and the pauses between them, from the first of them on. */
  readonly budgetMs: number;
  readonly retry: RetrySettings;
  /** undefined: every call is sent. */
  readonly breaker: Pick<CircuitBreaker, 'state' | 'check' | 'run'> | undefined;
}

interface RetrySettings {
  /** Tries of one attempt. */
  readonly maxAttempts: number;
  /** The first pause; each further one is twice as long, up to `maxMs`. */
  readonly initialMs: number;
  readonly maxMs: number;
}

/** What `read` makes of the answer: one attempt, of one try or several. */
export type Attempt = <T>(call: Call, read: (answer: Answer) => T, signal: AbortSignal) => Promise<T>;

const jitter = 0.3;

export function createAttempt(send: Send, settings: AttemptSettings): Attempt {
  const { concurrency, budgetMs, breaker } = settings;
  // Who waits here holds an activity's slot, so the queue is bounded by those.
  const slots = bulkhead(concurrency, Number.POSITIVE_INFINITY);
  return (call, read, signal) => {
    const attributes = {
      'payment.operation': call.operation,
      'idempotency.key': call.key,
      'order.id': call.orderId,
      'merchant.id': call.merchantId ?? undefined,
      'bulkhead.max': concurrency,
      'cb.state': breaker?.state,
      timeout_ms: budgetMs,
    };
    return inSpan({ name: 'callPayment', attributes }, async (span) => {
      const tries = () => keepTrying(send, settings, { call, read, signal, span });
      try {
        breaker?.check();
        return await slots.execute(() => {
          signal.throwIfAborted();
          return breaker === undefined ? tries() : breaker.run(tries);
        });
      } catch (error) {
        if (error instanceof PaymentBreakerOpenError || breaker?.state === 'open') mark(span, 'cb.open');
        throw error;
      }
    });
  };
}

interface Work<T> {
  readonly call: Call;
  readonly read: (answer: Answer) => T;
  readonly signal: AbortSignal;
  readonly span: Span;
}

/** Goes on after what may be gone in a moment, with the same key, for as long as the budget has room for another try. */
async function keepTrying<T>(
  send: Send,
  { budgetMs, retry }: AttemptSettings,
  { call, read, signal, span }: Work<T>,
): Promise<T> {
  const deadline = performance.now() + budgetMs;
  for (let number = 1; ; number += 1) {
    span.setAttribute('retry.attempt', number);
    try {
      const withinMs = deadline - performance.now();
      const result = read(await send(call, { number, withinMs, signal }));
      if (number > 1) mark(span, 'retry.succeeded');
      return result;
    } catch (error) {
      if (!(error instanceof PaymentUnavailableError) || number === retry.maxAttempts) throw error;
      const pauseMs = Math.max(backoffMs(retry, number), error.retryAfterMs ?? 0);
      if (pauseMs >= deadline - performance.now()) throw error;
      await setTimeout(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

function backoffMs({ initialMs, maxMs }: RetrySettings, number: number): number {
  const even = Math.min(initialMs * 2 ** (number - 1), maxMs);
  return even * (1 - jitter + 2 * jitter * Math.random());
}

/** Traces are searched by attribute and read by event. */
function mark(span: Span, name: 'cb.open' | 'retry.succeeded'): void {
  span.setAttribute(name, true);
  span.addEvent(name);
}
