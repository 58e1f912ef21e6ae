import { DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { PaymentBreakerOpenError, PaymentRejectedError, PaymentUnavailableError } from '../payment/client.ts';
import { createAttempts, pauseAfter } from './attempts.ts';

test('pauses double from a second up to half a minute', () => {
  const failure = new PaymentUnavailableError('status 500');
  expect([1, 2, 3, 4, 5, 6, 100].map((attempt) => pauseAfter(failure, attempt))).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
  ]);
});

test('a service that asks to be left alone for longer is left alone', () => {
  expect(pauseAfter(new PaymentUnavailableError('status 429', { retryAfterMs: 7_000 }), 1)).toBe(7_000);
  expect(pauseAfter(new PaymentUnavailableError('status 429', { retryAfterMs: 7_000 }), 5)).toBe(16_000);
});

test('what an open breaker refused is tried again after its time, spread over as long again', () => {
  const pauses = Array.from({ length: 50 }, () => pauseAfter(new PaymentBreakerOpenError(1_000), 9));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(2_000);
  expect(new Set(pauses).size).toBeGreaterThan(1);
});

test('nothing of what a provider repeats of a customer gets into the history', async () => {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const pool = { rows: () => Promise.reject(new Error('away')), async [Symbol.asyncDispose]() {} };
  const attempt = createAttempts({ pool, log });
  const refused = new PaymentRejectedError({
    status: 400,
    reason: 'bad',
    detail: 'ada@example.com is barred',
  });
  const refuse = () => attempt('charge', { orderId: 'o-1' }, () => Promise.reject(refused));
  const failed = await new MockActivityEnvironment().run(refuse).catch((error: unknown) => error);
  const kept = JSON.stringify(new DefaultFailureConverter().errorToFailure(failed, defaultPayloadConverter));
  expect(kept).toContain('It says: [e-mail] is barred');
  expect(kept).not.toContain('ada@example.com');
});
