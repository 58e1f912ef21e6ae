export interface ProblemType {
  readonly status: number;
  /** What happened, in one sentence. */
  readonly meaning: string;
  /** What the caller does next. */
  readonly remedy: string;
  /** Its answers carry `Retry-After`. */
  readonly retryAfter?: true;
}

/** Every `code` that HTTP itself gives rise to; what an application answers with is in a catalogue of its own. */
export const httpProblems = {
  malformed_request: {
    status: 400,
    meaning: 'What arrived is not an HTTP/1.1 request, so the connection was closed.',
    remedy: 'Check the client, and any proxy between it and this server, against RFC 9112.',
  },
  malformed_json: {
    status: 400,
    meaning: 'The body is not JSON in UTF-8.',
    remedy: 'Correct its syntax and send it again; the Idempotency-Key is still free.',
  },
  json_too_deep: {
    status: 400,
    meaning: 'Objects and lists in the body are nested deeper than 64.',
    remedy: 'Send what the document has, which is three deep; the Idempotency-Key is still free.',
  },
  body_incomplete: {
    status: 400,
    meaning: 'The body ended before its stated length.',
    remedy: 'Send the request again with its true length; the Idempotency-Key is still free.',
  },
  number_too_precise: {
    status: 400,
    meaning: 'A number in the body has more digits than a double keeps, and would have been rounded.',
    remedy: 'Send at most 15 significant digits; amounts are whole cents.',
  },
  validation_failed: {
    status: 400,
    meaning: 'The request was understood, but some of its fields are not as the document has them.',
    remedy:
      'Correct the fields named in errors and send it again. The Idempotency-Key is still free, but for a batch of which other orders were placed.',
  },
  idempotency_key_required: {
    status: 400,
    meaning: 'The request has no Idempotency-Key header, or more than one.',
    remedy: 'Send exactly one: a new key for a new request, the same key for a repeat.',
  },
  idempotency_key_invalid: {
    status: 400,
    meaning: 'The Idempotency-Key is not 1 to 255 visible ASCII characters.',
    remedy: 'Use a UUID, or any other text without spaces.',
  },
  authentication_required: {
    status: 401,
    meaning: 'This server wants to know who is asking, and the request does not say.',
    remedy: 'Send a token as Authorization: Bearer <token>.',
  },
  token_invalid: {
    status: 401,
    meaning: 'The token is expired, not yet valid, meant for somebody else, or not signed by a known key.',
    remedy: 'Get a new token from the identity provider and send the request again.',
  },
  insufficient_scope: {
    status: 403,
    meaning: 'The token is good, but does not allow this.',
    remedy: 'Get a token with the scope that detail names.',
  },
  not_found: {
    status: 404,
    meaning: 'Nothing is served at this address.',
    remedy: 'Check the address against the document at /openapi.json.',
  },
  method_not_allowed: {
    status: 405,
    meaning: 'This address is served, but not by this method.',
    remedy: 'Use one of the methods in the Allow header.',
  },
  not_acceptable: {
    status: 406,
    meaning: 'The Accept header leaves out every media type in which this address can answer.',
    remedy: 'Ask for application/json, or leave Accept out.',
  },
  request_too_slow: {
    status: 408,
    meaning: 'The request did not arrive in time: 10 s for its headers, 30 s for all of it.',
    remedy: 'Send it again with the same Idempotency-Key over a better connection.',
  },
  request_in_progress: {
    status: 409,
    meaning: 'Another request with this Idempotency-Key is under way and was not done within a second.',
    remedy: 'Repeat the request after Retry-After: it will get the first one’s answer.',
    retryAfter: true,
  },
  precondition_failed: {
    status: 412,
    meaning: 'The resource has changed since the version in If-Match.',
    remedy: 'Read it again, decide anew, and send its present ETag.',
  },
  body_too_large: {
    status: 413,
    meaning: 'The body is larger than 1 MB.',
    remedy: 'Split it into several requests.',
  },
  unsupported_media_type: {
    status: 415,
    meaning: 'The body is not declared as plain JSON in UTF-8.',
    remedy: 'Send Content-Type: application/json and no Content-Encoding.',
  },
  idempotency_key_reused: {
    status: 422,
    meaning: 'This Idempotency-Key belongs to an earlier request with another content.',
    remedy: 'Use a new key for a new request; repeat the old one with exactly its content.',
  },
  precondition_required: {
    status: 428,
    meaning: 'This change needs If-Match, so that nobody overwrites what they have not seen.',
    remedy: 'Read the resource, and send its ETag as If-Match; `*` stands for any state.',
  },
  rate_limited: {
    status: 429,
    meaning: 'This caller has sent more requests than its share.',
    remedy: 'Wait as long as Retry-After says, then go on more slowly.',
    retryAfter: true,
  },
  headers_too_large: {
    status: 431,
    meaning: 'Request line and headers together are larger than 16 kB.',
    remedy: 'Send shorter headers, and a shorter address.',
  },
  internal: {
    status: 500,
    meaning: 'Something went wrong on this side; what it was is in the log under the instance of the answer.',
    remedy: 'Repeat the request with the same Idempotency-Key; report the instance if it stays.',
  },
  method_unknown: {
    status: 501,
    meaning: 'No address here is served by this method.',
    remedy: 'Use GET or POST.',
  },
  identity_provider_unavailable: {
    status: 503,
    meaning: 'The keys that tokens are checked with cannot be fetched at the moment.',
    remedy: 'Repeat the request after Retry-After with the same Idempotency-Key.',
    retryAfter: true,
  },
} as const satisfies Readonly<Record<string, ProblemType>>;

/**
 * All catalogues by who owns them: an application adds its own by declaring this interface once more.
 * @public knip does not count that as a use.
 */
export interface ProblemCatalogues {
  readonly http: typeof httpProblems;
}

type Catalogue = ProblemCatalogues[keyof ProblemCatalogues];
type CodeIn<One> = One extends unknown ? keyof One : never;
type StatusIn<One, Code> = One extends unknown
  ? Code extends keyof One
    ? One[Code] extends { readonly status: infer Status }
      ? Status
      : never
    : never
  : never;

/** Every code that some catalogue has; no other can be thrown. */
export type ProblemCode = CodeIn<Catalogue>;
export type StatusOf<Code extends ProblemCode> = StatusIn<Catalogue, Code>;
