import { httpProblems, type ProblemType } from '../platform/http/problem-types.ts';

const orderProblems = {
  page_too_large: {
    status: 400,
    meaning: 'The orders of this numbered page are together too large for one answer.',
    remedy: 'Go through them with limit and cursor, which may answer with fewer.',
  },
  order_not_found: {
    status: 404,
    meaning: 'There is no order with this id, or it is not yours.',
    remedy: 'Take the id from the answer to your POST, or from your list of orders.',
  },
  account_not_found: {
    status: 404,
    meaning: 'There is no account with this id, or it is not yours.',
    remedy: 'Take the id from the answer to your POST, or from your list of accounts.',
  },
  transaction_not_found: {
    status: 404,
    meaning: 'There is no transaction with this id, or it is not yours.',
    remedy: 'Take the id from the answer to your POST, or from the list of its account.',
  },
  dead_letter_not_found: {
    status: 404,
    meaning: 'There is no dead letter with this id.',
    remedy: 'Take the id from the list of them, with each / written as %2F.',
  },
  circuit_breaker_not_found: {
    status: 404,
    meaning: 'There is no circuit breaker with this name.',
    remedy: 'Take the name from the list of them.',
  },
  too_late: {
    status: 409,
    meaning: 'The order is completed or failed, which is final.',
    remedy: 'Read the order; what it has come to stays so.',
  },
  wrong_order_status: {
    status: 409,
    meaning: 'This repair is not for an order of this status.',
    remedy: 'Read the order: only a processing one can be failed and refunded, a final one needs no repair.',
  },
  store_unavailable: {
    status: 503,
    meaning: 'The order store cannot be reached or is too busy at the moment.',
    remedy: 'Repeat the request after Retry-After with the same Idempotency-Key.',
    retryAfter: true,
  },
  temporal_unavailable: {
    status: 503,
    meaning: 'Temporal, which carries orders out, cannot be reached at the moment.',
    remedy: 'Repeat the request after Retry-After; what it did already stays done.',
    retryAfter: true,
  },
  api_unreachable: {
    status: 503,
    meaning: 'No process of this API answers the proxy in front of it.',
    remedy: 'Repeat the request after Retry-After with the same Idempotency-Key.',
    retryAfter: true,
  },
  admission_closed: {
    status: 503,
    meaning: 'More waits to be processed than this system takes on; reading and canceling go on.',
    remedy: 'Repeat the request after Retry-After with the same Idempotency-Key.',
    retryAfter: true,
  },
} as const satisfies Readonly<Record<string, ProblemType>>;

type OrderProblems = typeof orderProblems;

declare module '../platform/http/problem-types.ts' {
  interface ProblemCatalogues {
    readonly orders: OrderProblems;
  }
}

/** Every code that this API answers with, or nginx in its place. */
export const apiProblems = { ...httpProblems, ...orderProblems };

export type ApiProblemCode = keyof typeof apiProblems;
