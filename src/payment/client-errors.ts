/** The provider answers, and refuses: the same call would be refused again. Nothing was charged or refunded by it. */
export class PaymentRejectedError extends Error {
  override readonly name = 'PaymentRejectedError';
  readonly code = 'payment_rejected';
  readonly status: number;
  /** The provider's own code, such as `idempotency_key_reused`. */
  readonly reason: string;

  constructor({ status, reason, detail }: { status: number; reason: string; detail: string }) {
    super(`The payment service refused with ${status} ${reason}; correct the request. It says: ${detail}`);
    this.status = status;
    this.reason = reason;
  }
}

/** No usable answer in time (network, deadline, 408, 429, 5xx). The outcome is unknown: ask by key, then repeat with the same key. */
export class PaymentUnavailableError extends Error {
  override readonly name = 'PaymentUnavailableError';
  readonly code = 'payment_unavailable';
  /** As long as the service asks to be left alone; undefined when it asks nothing. */
  readonly retryAfterMs: number | undefined;

  constructor(
    what: string,
    { cause, retryAfterMs }: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(`The payment service gave no outcome (${what}); ask by key, then repeat with the same key.`, {
      cause,
    });
    this.retryAfterMs = retryAfterMs;
  }
}

/** The calls before failed, so that this one was not made: nothing was sent, and what is known of the key stays as it was. */
export class PaymentBreakerOpenError extends Error {
  override readonly name = 'PaymentBreakerOpenError';
  readonly code = 'payment_breaker_open';
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super(
      `The payment service failed too often and is left alone; repeat the call in ${Math.ceil(retryAfterMs)} ms.`,
    );
    this.retryAfterMs = retryAfterMs;
  }
}

/** An answer that breaks the contract, so that it proves nothing. The outcome is unknown, and a person has to look at the service. */
export class PaymentProtocolError extends Error {
  override readonly name = 'PaymentProtocolError';
  readonly code = 'payment_protocol';

  constructor(what: string, options: { cause?: unknown } = {}) {
    super(`The payment service broke its contract: ${what}. Check what PAYMENT_URL points to.`, options);
  }
}
