import type { Transaction } from './transaction.ts';

/** What one account gets (above zero) or gives. */
interface Line {
  readonly account: string;
  readonly cents: number;
}

/** Lines that sum to zero; there is one posting of a kind for an order or a transaction. */
export interface Posting {
  readonly kind: 'capture' | 'refund' | 'transaction';
  readonly lines: readonly Line[];
}

interface Charged {
  readonly merchantId: string | null;
  readonly amountCents: number;
}

/** Money that the provider holds for the merchant from now on. */
export function capturePosting({ merchantId, amountCents }: Charged): Posting {
  return transfer('capture', { from: house('provider'), to: seller(merchantId), amountCents });
}

export function refundPosting({ merchantId, amountCents }: Charged): Posting {
  return transfer('refund', { from: seller(merchantId), to: house('provider'), amountCents });
}

/** Without a counter account the money comes from outside, or goes there, through the house. */
export function transactionPosting({
  type,
  accountId,
  counterAccountId,
  amountCents,
}: Pick<Transaction, 'type' | 'accountId' | 'counterAccountId' | 'amountCents'>): Posting {
  const own = customer(accountId);
  const other = counterAccountId === null ? house('funding') : customer(counterAccountId);
  const [from, to] = type === 'DEBIT' ? [own, other] : [other, own];
  return transfer('transaction', { from, to, amountCents });
}

function transfer(
  kind: Posting['kind'],
  { from, to, amountCents }: { from: string; to: string; amountCents: number },
): Posting {
  return {
    kind,
    lines: [
      { account: from, cents: -amountCents },
      { account: to, cents: amountCents },
    ],
  };
}

const house = (name: string) => `house:${name}`;

/** Orders without a merchant are the house's own sales. */
const seller = (merchantId: string | null) =>
  merchantId === null ? house('sales') : `merchant:${merchantId}`;

function customer(accountId: string): string {
  return `customer:${accountId}`;
}
