import { z } from 'zod';
import { isCurrency, totalCents } from '../core/money.ts';
import { orderStatuses } from '../order/order.ts';

// Postgres has no U+0000 in text, and a lone surrogate has no UTF-8.
export const text = (max: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(max, `must not be longer than ${max} characters`)
    .refine(
      (value) => !value.includes('\0') && value.isWellFormed(),
      'must be well-formed text without U+0000',
    )
    .meta({ pattern: '^[^\\u0000]*$' });

// An int of zod is a safe integer: its bound is the one money has here.
export const cents = z.int({
  error: ({ code }) =>
    code === 'too_big' ? 'must not be above 2^53 − 1' : 'must be an integer number of cents',
});

/** What a transform returns for a field that is wrong only beside the others. */
export function faultOf(ctx: z.RefinementCtx, field: string, message: string): never {
  ctx.addIssue({ code: 'custom', path: [field], message });
  return z.NEVER;
}

/** As many as one request may place; each is read by itself. */
export const listOfOrders = <Order extends z.ZodType>(order: Order) =>
  z.array(order).min(1, 'must not be empty').max(1_000, 'must not hold more than 1000 orders');

export const quantity = z
  .int('must be an integer')
  .min(1, 'must be at least 1')
  .max(1_000_000, 'must not be above 1000000');

export const currency = z
  .string()
  .refine(isCurrency, 'must be an ISO 4217 code in upper case, such as USD')
  .meta({ description: 'ISO 4217', pattern: '^[A-Z]{3}$' })
  .default('USD');

export const item = z
  .strictObject({
    product_id: text(255),
    quantity,
    unit_price_cents: cents.min(0, 'must not be negative'),
  })
  .transform(({ product_id, quantity, unit_price_cents }) => ({
    productId: product_id,
    quantity,
    unitPriceCents: unit_price_cents,
  }));

/** With items, `amount_cents` is their sum or left out. */
export const newOrder = z
  .strictObject({
    customer_email: z.email('must be an e-mail address').max(254, 'must not be longer than 254 characters'),
    amount_cents: cents
      .min(1, 'must be above 0')
      .optional()
      .meta({ description: 'With items, their sum; it may be left out then' }),
    currency,
    merchant_id: text(255).optional(),
    items: z
      // Counted before they are looked at: a body may hold 300,000.
      .array(z.unknown())
      .min(1, 'must not be empty')
      .max(1_000, 'must not hold more than 1000 items')
      .pipe(z.array(item))
      .meta({
        override: {
          type: 'array',
          minItems: 1,
          maxItems: 1_000,
          items: { $ref: '#/components/schemas/NewItem' },
        },
      })
      .optional(),
  })
  .transform((order, ctx) => {
    const fault = (message: string) => faultOf(ctx, 'amount_cents', message);
    const { amount_cents: given, items = [] } = order;
    if (items.length === 0)
      return given === undefined
        ? fault('is required without items')
        : { ...order, items, amountCents: given };
    const total = totalCents(items);
    if (Number.isNaN(total)) return fault('items add up to more than 2^53 − 1');
    if (total === 0) return fault('items must add up to more than 0');
    if (given !== undefined && given !== total)
      return fault(`must be the sum of the items, ${total}, or be left out`);
    return { ...order, items, amountCents: total };
  })
  .meta({
    id: 'NewOrder',
    override: { anyOf: [{ required: ['amount_cents'] }, { required: ['items'] }] },
  });

/** What an order is made of, whichever way it was asked for. */
export type NewOrder = Omit<z.output<typeof newOrder>, 'customer_email'> & {
  readonly customer_email?: string;
};

const anythingElse = { description: 'Anything else, which gets a problem of its own among the results' };

/** The orders are read one by one: one that is not as it should be does not keep the others from being placed. */
export const newOrderBatch = z
  .strictObject({
    orders: listOfOrders(
      z.unknown().meta({ override: { anyOf: [{ $ref: '#/components/schemas/NewOrder' }, anythingElse] } }),
    ),
  })
  .meta({ id: 'NewOrderBatch' });

/** An operator's wish that an order fails. */
export const failureRequest = z
  .strictObject({
    reason: text(255)
      .default('failed by operator')
      .meta({ description: 'What the order, its customer and its event will say' }),
  })
  .meta({ id: 'FailureRequest' });

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`))
    // In an address every number is text; to the caller it is the number it means.
    .meta({ override: { type: 'integer', minimum: min, maximum: max, pattern: undefined } });

const cursor = text(200).optional();
const limit = wholeNumber(1, 100).optional();

/** Of lists that are gone through by cursor alone. */
export const pageQuery = z.strictObject({
  cursor: cursor.meta({ description: '`next` of the page before' }),
  limit: limit.meta({ description: 'How many on the page; 20 unless told' }),
});

/** The last order that a numbered page may show; a numbered page costs as much as all before it. */
export const deepestOrder = 10_000;

/** Either `page` and `page_size`, or `cursor` and `limit`. */
export const orderListQuery = z
  .strictObject({
    status: z
      .enum(orderStatuses, `must be one of ${orderStatuses.join(', ')}`)
      .optional()
      .meta({ description: 'Only orders that have it' }),
    page: wholeNumber(1, deepestOrder).optional().meta({ description: '1 is the first; not with `cursor`' }),
    page_size: wholeNumber(1, 100).optional().meta({ description: 'Orders on each page; 20 unless told' }),
    cursor: cursor.meta({ description: '`next` of the page before; not with `page`' }),
    limit: limit.meta({ description: 'Orders after the cursor; 20 unless told' }),
  })
  .refine(
    ({ page, page_size, cursor, limit }) =>
      (page ?? page_size) === undefined || (cursor ?? limit) === undefined,
    {
      path: ['cursor'],
      message: 'goes with limit, not with page and page_size',
    },
  )
  .refine(({ page = 1, page_size = 20 }) => page * page_size <= deepestOrder, {
    path: ['page'],
    message: `page × page_size must not be above ${deepestOrder}; go further with cursor`,
  });
