import { ApplicationFailure } from '@temporalio/common';
import { PaymentBreakerOpenError, PaymentUnavailableError } from '../payment/client.ts';
import { waiting } from './failures.ts';

function thrown(error: unknown): unknown {
  try {
    return waiting(error);
  } catch (caught) {
    return caught;
  }
}

test('what an open breaker refused is tried again after its time, spread over as long again', () => {
  const failures = Array.from({ length: 50 }, () => thrown(new PaymentBreakerOpenError(1_000)));
  for (const failure of failures) {
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({
      type: 'PaymentBreakerOpenError',
      nonRetryable: false,
      cause: expect.any(PaymentBreakerOpenError),
    });
  }
  const delays = failures.map((failure) => (failure as ApplicationFailure).nextRetryDelay as number);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...delays)).toBeLessThanOrEqual(2_000);
  expect(new Set(delays).size).toBeGreaterThan(1);
});

test('a service that says when to come again is asked then', () => {
  const failure = thrown(new PaymentUnavailableError('status 429', { retryAfterMs: 7_000 }));
  expect(failure).toMatchObject({ type: 'PaymentUnavailableError', nextRetryDelay: 7_000 });
});

test.each([new PaymentUnavailableError('status 500'), new Error('another'), 'canceled'])(
  'what says nothing of it is thrown as it is: %s',
  (error) => {
    expect(thrown(error)).toBe(error);
  },
);
