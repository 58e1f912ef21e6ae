import { z } from 'zod';

const movementSchema = z.looseObject({
  seq: z.int(),
  type: z.enum(['capture', 'refund']),
  id: z.string(),
  order_id: z.string(),
  amount_cents: z.int(),
  currency: z.string(),
  key: z.string(),
  created_at: z.iso.datetime(),
});
export type Movement = z.output<typeof movementSchema>;

const pageSchema = z.object({ entries: z.array(movementSchema), next: z.string().nullable() });
const chargesSchema = z.object({ charges: z.array(z.looseObject({ id: z.string(), status: z.string() })) });

/** The provider's whole book: every capture and refund it ever made. */
export async function readLedger(url: string): Promise<Movement[]> {
  const movements: Movement[] = [];
  let cursor: string | null = '0';
  while (cursor !== null) {
    const page: z.output<typeof pageSchema> = pageSchema.parse(
      await getJson(`${url}/v1/ledger?cursor=${cursor}`),
    );
    movements.push(...page.entries);
    cursor = page.next;
  }
  return movements;
}

/** Captured and declined charges of one order. */
export async function chargesOf(url: string, orderId: string) {
  return chargesSchema.parse(await getJson(`${url}/v1/charges?order_id=${orderId}`)).charges;
}

/** What goes wrong from now on at the provider, in the terms of its PUT /v1/faults; nothing when left out. */
export async function setFaults(url: string, faults: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const response = await fetch(`${url}/v1/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(faults),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok)
    throw new Error(`PUT ${url}/v1/faults answered ${response.status}: ${await response.text()}`);
}

const faultsSchema = z.looseObject({
  requests: z.object({ charge: z.int(), refund: z.int(), lookup: z.int() }),
});

/** Charges, refunds and look-ups that reached the provider since its start. */
export async function requestsSeen(url: string): Promise<number> {
  const { requests } = faultsSchema.parse(await getJson(`${url}/v1/faults`));
  return requests.charge + requests.refund + requests.lookup;
}

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (response.ok) return response.json();
  throw new Error(`GET ${url} answered ${response.status}: ${await response.text()}`);
}
