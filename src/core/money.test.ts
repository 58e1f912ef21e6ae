import fc from 'fast-check';
import { formatMoney, isCurrency, minorUnits, totalCents } from './money.ts';

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

test.each([
  [29.99, 'USD', 2_999],
  [0.07, 'USD', 7],
  [1.1, 'EUR', 110],
  [100, 'USD', 10_000],
  [500, 'JPY', 500],
  [1.234, 'KWD', 1_234],
  [100.5, 'RSD', 10_050],
  [1.5, 'IQD', 1_500],
  [9_999_999_999_999.99, 'USD', 999_999_999_999_999],
])('%d %s are %d of the smallest unit', (amount, currency, units) => {
  expect(minorUnits(amount, currency)).toBe(units);
});

test.each([
  [9.999, 'USD'],
  [0.5, 'JPY'],
  [1e-7, 'USD'],
  [-1, 'USD'],
  [1e21, 'USD'],
  [90_071_992_547_409.92, 'USD'],
  [Number.NaN, 'USD'],
])('%d %s are never rounded to something', (amount, currency) => {
  expect(minorUnits(amount, currency)).toBeNaN();
});

test('every amount of cents survives the way through a decimal', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_999_999_999_999 }), (cents) => {
      const decimal = JSON.parse(`${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`);
      return minorUnits(decimal, 'USD') === cents;
    }),
  );
});
