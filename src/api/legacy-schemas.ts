import { z } from 'zod';
import { minorUnits, totalCents } from '../core/money.ts';
import { currency, faultOf, listOfOrders, type NewOrder, quantity, text } from './schemas.ts';

// The bodies of the systems that this one takes the place of: amounts are decimal, nobody has an e-mail address.

const decimal = z.number({ error: 'must be a decimal number, such as 99.99' }).min(0, 'must not be negative');

/** `{merchant_id, amount, currency}`. */
export const amountOrder = z
  .strictObject({ merchant_id: text(255), amount: decimal, currency })
  .transform(({ merchant_id, amount, currency }, ctx): NewOrder => {
    const amountCents = minorUnits(amount, currency);
    if (!(amountCents > 0))
      return faultOf(ctx, 'amount', `must be above 0, with no more decimals than ${currency} has`);
    return { merchant_id, amountCents, currency, items: [] };
  });

/** `{customer_id, product_id, quantity, price}`: one item; the customer's id is checked and not kept. */
export const productOrder = z
  .strictObject({ customer_id: text(255), product_id: text(255), quantity, price: decimal, currency })
  .transform(({ product_id: productId, quantity, price, currency }, ctx): NewOrder => {
    const unitPriceCents = minorUnits(price, currency);
    if (!(unitPriceCents > 0))
      return faultOf(ctx, 'price', `must be above 0, with no more decimals than ${currency} has`);
    const items = [{ productId, quantity, unitPriceCents }];
    const amountCents = totalCents(items);
    if (Number.isNaN(amountCents)) return faultOf(ctx, 'price', 'times quantity is more than 2^53 − 1');
    return { amountCents, currency, items };
  });

export const productOrders = listOfOrders(z.unknown());
