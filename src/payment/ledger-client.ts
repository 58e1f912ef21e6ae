import { z } from 'zod';

// Written apart from the service's own presenters, so that a change there fails here instead of passing unseen.
const movement = z.object({
  seq: z.int(),
  type: z.enum(['capture', 'refund']),
  id: z.string().min(1),
  order_id: z.string(),
  amount_cents: z.int(),
  currency: z.string(),
});
const page = z.object({ entries: z.array(movement).max(1_000), next: z.string().nullable() });

export type Movement = z.output<typeof movement>;

const pageSize = 1_000;
const answerMs = 10_000;

/** Every capture and refund that the provider has in its book, oldest first, in pages; throws where a page cannot be had. */
export async function* ledgerPages(
  url: string,
  signal: AbortSignal,
): AsyncGenerator<readonly Movement[], void, undefined> {
  // A base path, if there is one, stays in front of ours.
  const base = new URL(url.endsWith('/') ? url : `${url}/`);
  for (let cursor: string | null = '0'; cursor !== null; ) {
    const { entries, next } = await readPage(
      new URL(`v1/ledger?cursor=${cursor}&limit=${pageSize}`, base),
      signal,
    );
    yield entries;
    // An audit ends with what is there when it gets there: a page that is not full is the last.
    cursor = next;
  }
}

async function readPage(address: URL, signal: AbortSignal): Promise<z.output<typeof page>> {
  const answer = await fetch(address, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
    redirect: 'error',
  });
  if (answer.ok) return page.parse(await answer.json());
  await answer.body?.cancel();
  throw new Error(
    `The payment service shows its ledger with ${answer.status}; check what PAYMENT_URL points to.`,
  );
}
