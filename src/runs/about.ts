import { formatMoney } from '../core/money.ts';
import type { Transaction } from '../ledger/transaction.ts';
import type { Order } from '../order/order.ts';
import { merchantIdAttribute } from '../workflows/contract.ts';

type Described = Pick<Order, 'id' | 'amountCents' | 'currency' | 'merchantId'> & {
  readonly items: readonly unknown[];
};

/** What a run shows of its transaction. */
export function aboutTransaction({
  id,
  type,
  amountCents,
  currency,
}: Pick<Transaction, 'id' | 'type' | 'amountCents' | 'currency'>) {
  return {
    staticSummary: `transaction ${id.slice(0, 8)}… · ${type} · ${formatMoney(amountCents, currency)}`,
  };
}

/** What a run shows of its order, in the Web UI's list and to those who search; nothing personal in it. */
export function aboutRun({ id, items, amountCents, currency, merchantId }: Described) {
  const content = items.length === 0 ? '' : ` · ${items.length} ${items.length === 1 ? 'item' : 'items'}`;
  return {
    staticSummary: `order ${id.slice(0, 8)}…${content} · ${formatMoney(amountCents, currency)}`,
    ...(merchantId === null
      ? {}
      : { typedSearchAttributes: [{ key: merchantIdAttribute, value: merchantId }] }),
  };
}
