import { z } from 'zod';
import { isCurrency } from '../core/money.ts';
import type { ChargeRequest, RefundRequest } from './decide.ts';

const id = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters');
const amountCents = z.int('must be a whole number of cents up to 2^53 - 1').positive('must be above 0 cents');

// Node binds text as UTF-8: a lone surrogate would come back as another character, a NUL would end it early.
const merchantId = z
  .string()
  .min(1)
  .max(255)
  .refine((text) => text.isWellFormed() && !text.includes('\0'), 'must be well-formed text without NUL');

export const chargeBody = z
  .strictObject({
    order_id: id,
    merchant_id: merchantId.nullish(),
    amount_cents: amountCents,
    currency: z.string().refine(isCurrency, 'must be an ISO 4217 code in upper case, like EUR'),
  })
  .transform(
    (body): Omit<ChargeRequest, 'key'> => ({
      orderId: body.order_id,
      merchantId: body.merchant_id ?? null,
      amountCents: body.amount_cents,
      currency: body.currency,
    }),
  );

export const refundBody = z
  .strictObject({ charge_id: id.optional(), order_id: id.optional(), amount_cents: amountCents })
  .transform(({ charge_id, order_id, amount_cents }, ctx): Omit<RefundRequest, 'key'> => {
    if (charge_id !== undefined && order_id === undefined) {
      return { of: { chargeId: charge_id }, amountCents: amount_cents };
    }
    if (order_id !== undefined && charge_id === undefined) {
      return { of: { orderId: order_id }, amountCents: amount_cents };
    }
    ctx.addIssue({ code: 'custom', message: 'must name exactly one of charge_id and order_id' });
    return z.NEVER;
  });

export const lookup = z
  .strictObject({ key: id.optional(), order_id: id.optional() })
  .refine(
    ({ key, order_id }) => (key === undefined) !== (order_id === undefined),
    'must be exactly one of key and order_id',
  );

const whole = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number);

export const ledgerPage = z
  .strictObject({
    cursor: whole.default(0),
    limit: whole
      .pipe(z.number().min(1, 'must be at least 1').max(1_000, 'must be at most 1000'))
      .default(100),
  })
  .transform(({ cursor, limit }) => ({ after: cursor, limit }));
