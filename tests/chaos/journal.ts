import { randomUUID } from 'node:crypto';

/** What the clients sent, and what they were told. */
export interface Journal {
  readonly orders: Map<string, Sent>;
  /** Every status that any request was answered with. */
  readonly statuses: Set<number>;
}

export interface Sent {
  readonly key: string;
  readonly order: {
    readonly customer_email: string;
    readonly amount_cents: number;
    readonly merchant_id: string;
  };
  /** The order id of each 202, the repeats' too. */
  readonly accepted: string[];
  /** The cancel was answered with 200 or 202: the order must end canceled. */
  canceled: boolean;
}

export function openJournal(): Journal {
  return { orders: new Map(), statuses: new Set() };
}

/** The e-mail address is the key's trace in the order: it shows which request an order came from. */
export function emailOf(key: string): string {
  return `${key}@example.com`;
}

export function noteNew({ orders }: Journal): Sent {
  const key = randomUUID();
  const number = orders.size;
  const sent: Sent = {
    key,
    order: {
      customer_email: emailOf(key),
      amount_cents: 100 + number,
      merchant_id: number % 7 === 6 ? 'declined' : 'shop',
    },
    accepted: [],
    canceled: false,
  };
  orders.set(key, sent);
  return sent;
}
