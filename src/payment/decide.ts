import { v7 } from 'uuid';
import type { Entry } from './entry.ts';
import type { Ledger } from './ledger.ts';
import { ChargeNotFoundError, KeyReusedError, RefundExceedsCaptureError } from './refusals.ts';

export interface ChargeRequest {
  readonly key: string;
  readonly orderId: string;
  readonly merchantId: string | null;
  readonly amountCents: number;
  readonly currency: string;
}

export interface RefundRequest {
  readonly key: string;
  readonly of: { readonly chargeId: string } | { readonly orderId: string };
  readonly amountCents: number;
}

export interface Decision {
  readonly entry: Entry;
  /** The decision was taken before; this is the same one again. */
  readonly isReplay: boolean;
}

/** Charges of this merchant are declined, as test cards are with real providers; all others are captured. */
const decliningMerchant = 'declined';

/**
 * Both deciders run inside a ledger transaction and append one entry at most, as their last step.
 * `declines`: as that merchant's would be; what the key has already come to stays.
 */
export function decideCharge(ledger: Ledger, request: ChargeRequest, { declines = false } = {}): Decision {
  const { key, orderId, merchantId, amountCents, currency } = request;
  const fingerprint = JSON.stringify(['charge', orderId, merchantId, amountCents, currency]);
  const known = ledger.byKey(key);
  if (known !== undefined) return replay(known, fingerprint);

  const entry = ledger.append({
    id: `ch_${v7()}`,
    kind: declines || merchantId === decliningMerchant ? 'decline' : 'capture',
    key,
    fingerprint,
    orderId,
    chargeId: null,
    merchantId,
    amountCents,
    currency,
  });
  return { entry, isReplay: false };
}

export function decideRefund(ledger: Ledger, { key, of, amountCents }: RefundRequest): Decision {
  const fingerprint = JSON.stringify(['refund', of, amountCents]);
  const known = ledger.byKey(key);
  if (known !== undefined) return replay(known, fingerprint);

  const { id, orderId, merchantId, currency } = refundable(ledger, of, amountCents);
  const entry = ledger.append({
    id: `re_${v7()}`,
    kind: 'refund',
    key,
    fingerprint,
    orderId,
    chargeId: id,
    merchantId,
    amountCents,
    currency,
  });
  return { entry, isReplay: false };
}

function replay(known: Entry, fingerprint: string): Decision {
  if (known.fingerprint !== fingerprint) throw new KeyReusedError();
  return { entry: known, isReplay: true };
}

/** The oldest capture that still holds the amount; an order has more than one only when it was charged under several keys. */
function refundable(ledger: Ledger, of: RefundRequest['of'], amountCents: number): Entry {
  const named = 'chargeId' in of ? [ledger.byId(of.chargeId)] : ledger.byOrder(of.orderId);
  const captures = named.filter((entry) => entry !== undefined).filter(({ kind }) => kind === 'capture');
  if (captures.length === 0) {
    throw new ChargeNotFoundError('chargeId' in of ? `charge ${of.chargeId}` : `order ${of.orderId}`);
  }
  const leftCents = (capture: Entry) => capture.amountCents - ledger.refundedCents(capture.id);
  const found = captures.find((capture) => leftCents(capture) >= amountCents);
  if (found === undefined) throw new RefundExceedsCaptureError(Math.max(...captures.map(leftCents)));
  return found;
}
