import { z } from 'zod';

/** One line of the provider's ledger: a decision that is final. Declines are kept for their key; no money moved. */
export const entrySchema = z.object({
  /** Place in the ledger; the cursor of its pages. */
  seq: z.number(),
  id: z.string(),
  kind: z.enum(['capture', 'decline', 'refund']),
  key: z.string(),
  /** The operation and its parsed request, to tell a repeat from another request under the same key. */
  fingerprint: z.string(),
  orderId: z.string(),
  /** The capture that a refund gives back; null for captures and declines. */
  chargeId: z.string().nullable(),
  merchantId: z.string().nullable(),
  amountCents: z.number(),
  currency: z.string(),
  createdAt: z.string(),
});

export type Entry = z.output<typeof entrySchema>;
export type NewEntry = Omit<Entry, 'seq' | 'createdAt'>;
