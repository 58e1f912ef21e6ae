import fc from 'fast-check';
import { formatMoney, isCurrency, totalCents } from './money.ts';

const item = (quantity: number, unitPriceCents: number) => ({ productId: 'p', quantity, unitPriceCents });

test('a total is the exact sum of its items, or NaN past 2^53 − 1', () => {
  const items = fc.array(fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.maxSafeNat()), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(items, (pairs) => {
      const exact = pairs.reduce((sum, [quantity, price]) => sum + BigInt(quantity) * BigInt(price), 0n);
      const total = totalCents(pairs.map(([quantity, price]) => item(quantity, price)));
      return exact > BigInt(Number.MAX_SAFE_INTEGER) ? Number.isNaN(total) : BigInt(total) === exact;
    }),
  );
});

test('the bounds of money', () => {
  expect(totalCents([])).toBe(0);
  expect(totalCents([item(1, Number.MAX_SAFE_INTEGER)])).toBe(Number.MAX_SAFE_INTEGER);
  expect(totalCents([item(1, Number.MAX_SAFE_INTEGER), item(1, 1)])).toBeNaN();
});

test('a currency is an ISO 4217 code in upper case', () => {
  expect(['USD', 'EUR', 'JPY'].every(isCurrency)).toBe(true);
  expect(['usd', 'XYZ', 'US', 'USDX', '', '💶'].some(isCurrency)).toBe(false);
});

test.each([
  [4_200, 'EUR', '42.00 EUR'],
  [1, 'USD', '0.01 USD'],
  [500, 'JPY', '500 JPY'],
  [1_234, 'KWD', '1.234 KWD'],
])('%d in %s reads %s', (cents, currency, text) => {
  expect(formatMoney(cents, currency)).toBe(text);
});
