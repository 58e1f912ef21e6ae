import type { Item } from './order.ts';

const currencies = new Set(Intl.supportedValuesOf('currency'));

/** ISO 4217, upper case. */
export function isCurrency(code: string): boolean {
  return currencies.has(code);
}

/** The items' total in cents; NaN past 2^53 − 1, where integers stop being exact. */
export function totalCents(items: readonly Item[]): number {
  const total = items.reduce(
    (sum, { quantity, unitPriceCents }) => sum + BigInt(quantity) * BigInt(unitPriceCents),
    0n,
  );
  return total > BigInt(Number.MAX_SAFE_INTEGER) ? Number.NaN : Number(total);
}

/** For people: `42.00 EUR`, with as many decimals as the currency has. */
export function formatMoney(amountCents: number, currency: string): string {
  const { maximumFractionDigits: decimals = 2 } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
  }).resolvedOptions();
  return `${(amountCents / 10 ** decimals).toFixed(decimals)} ${currency}`;
}
