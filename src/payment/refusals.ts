/** The ledger stays as it is after each of these; a refusal is not stored under the request's key. */
export class KeyReusedError extends Error {
  override readonly name = 'KeyReusedError';
  readonly code = 'idempotency_key_reused';

  constructor() {
    super('This Idempotency-Key belongs to another request; send the same body again, or use a new key.');
  }
}

export class ChargeNotFoundError extends Error {
  override readonly name = 'ChargeNotFoundError';
  readonly code = 'charge_not_found';

  constructor(what: string) {
    super(`Nothing was captured for ${what}; look it up with GET /v1/charges before you refund.`);
  }
}

export class RefundExceedsCaptureError extends Error {
  override readonly name = 'RefundExceedsCaptureError';
  readonly code = 'refund_exceeds_capture';

  constructor(leftCents: number) {
    super(`No more than ${leftCents} cents are left to refund; ask for that much or less.`);
  }
}

export class LedgerVersionError extends Error {
  override readonly name = 'LedgerVersionError';
  readonly code = 'ledger_too_new';

  constructor(file: string, version: number) {
    super(
      `${file} has schema version ${version}, newer than this program; start the newer program or point PAYMENT_LEDGER_FILE elsewhere.`,
    );
  }
}
