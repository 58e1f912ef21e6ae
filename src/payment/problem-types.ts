import { httpProblems, type ProblemType } from '../platform/http/problem-types.ts';

const ledgerProblems = {
  card_declined: {
    status: 402,
    meaning: 'The card was declined and nothing was captured; the decline is stored under its key.',
    remedy: 'Try another card under a new Idempotency-Key.',
  },
  charge_not_found: {
    status: 404,
    meaning: 'Nothing was captured for what is to be refunded.',
    remedy: 'Look the charge up with GET /v1/charges before you refund.',
  },
  refund_exceeds_capture: {
    status: 409,
    meaning: 'The refund is larger than what is left of the captured amount.',
    remedy: 'Ask for as much as detail names, or less.',
  },
  ledger_busy: {
    status: 503,
    meaning: 'Another process holds the ledger.',
    remedy: 'Repeat the request after Retry-After with the same Idempotency-Key.',
    retryAfter: true,
  },
  injected_error: {
    status: 500,
    meaning: 'The simulator was told by /v1/faults to fail this request; nothing is stored.',
    remedy: 'Repeat the request with the same Idempotency-Key, or PUT other faults to /v1/faults.',
  },
  injected_outage: {
    status: 503,
    meaning: 'The simulator was told by /v1/faults to be down; nothing is stored.',
    remedy:
      'Repeat the request after Retry-After with the same Idempotency-Key, or PUT other faults to /v1/faults.',
    retryAfter: true,
  },
} as const satisfies Readonly<Record<string, ProblemType>>;

type LedgerProblems = typeof ledgerProblems;

declare module '../platform/http/problem-types.ts' {
  interface ProblemCatalogues {
    readonly ledger: LedgerProblems;
  }
}

/** Every code that the payment service answers with. */
export const paymentProblems = { ...httpProblems, ...ledgerProblems };
