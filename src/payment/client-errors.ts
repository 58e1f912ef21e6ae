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

  constructor(what: string, options: { cause?: unknown } = {}) {
    super(
      `The payment service gave no outcome (${what}); ask by key, then repeat with the same key.`,
      options,
    );
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
