interface Line {
  readonly quantity: number;
  readonly unitPriceCents: number;
}

const currencies = new Set(Intl.supportedValuesOf('currency'));

/** ISO 4217, upper case. */
export function isCurrency(code: string): boolean {
  return currencies.has(code);
}

/** The items' total in cents; NaN past 2^53 − 1, where integers stop being exact. */
export function totalCents(items: readonly Line[]): number {
  const total = items.reduce(
    (sum, { quantity, unitPriceCents }) => sum + BigInt(quantity) * BigInt(unitPriceCents),
    0n,
  );
  return total > BigInt(Number.MAX_SAFE_INTEGER) ? Number.NaN : Number(total);
}

/** A decimal amount in the currency's smallest unit, exactly; NaN when it has more decimals than the currency, or past 2^53 − 1. */
export function minorUnits(amount: number, currency: string): number {
  const decimals = decimalsOf(currency);
  // The shortest text that reads back as this number is what was written, to 15 digits at least.
  const [, whole = '', fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(String(amount)) ?? [];
  if (whole === '' || fraction.length > decimals) return Number.NaN;
  const units = Number(whole + fraction.padEnd(decimals, '0'));
  return Number.isSafeInteger(units) ? units : Number.NaN;
}

/** For people: `42.00 EUR`, with as many decimals as the currency has. */
export function formatMoney(amountCents: number, currency: string): string {
  const decimals = decimalsOf(currency);
  return `${(amountCents / 10 ** decimals).toFixed(decimals)} ${currency}`;
}

// ISO 4217, list one of 2024; the others have 2. Not Intl: it has the digits that people write (RSD 0), not those that are booked.
const noDecimals = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '));
const threeDecimals = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '));
const fourDecimals = new Set('CLF UYW'.split(' '));

function decimalsOf(currency: string): number {
  if (noDecimals.has(currency)) return 0;
  if (threeDecimals.has(currency)) return 3;
  return fourDecimals.has(currency) ? 4 : 2;
}
