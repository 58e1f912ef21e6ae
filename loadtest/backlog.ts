import { setTimeout as pause } from 'node:timers/promises';
import { say } from '../stack/output.ts';

// Long enough to see the pipeline at its pace: right after a burst it is still starting workflows.
const sampleMs = 5_000;
const maxPatienceMs = 600_000;
const pageSize = 100;

/** Says how many orders wait, how long that should take, and then how long it took. */
export async function reportBacklog(apiUrl: string): Promise<void> {
  const started = performance.now();
  const waiting = await countOpen(apiUrl);
  if (waiting === 0) return say('Backlog: none, every order is final.');
  say(`Backlog: ${waiting} orders are not final yet.`);
  if (!(await isDrained(apiUrl, sampleMs))) {
    const left = await countOpen(apiUrl);
    const rate = ((waiting - left) * 1_000) / (performance.now() - started);
    if (rate <= 0) throw new Error('The backlog does not shrink; look at `make ps` and `make logs`.');
    const estimate = left / rate;
    say(`At ${rate.toFixed(0)} orders/s the ${left} left are final in about ${estimate.toFixed(0)} s.`);
    await drained(apiUrl, Math.min(maxPatienceMs, Math.max(60_000, estimate * 3_000)));
  }
  say(`Backlog gone after ${((performance.now() - started) / 1_000).toFixed(1)} s.`);
}

/** Waits until no order is open; past the deadline it throws. */
export async function drained(apiUrl: string, withinMs: number): Promise<void> {
  if (await isDrained(apiUrl, withinMs)) return;
  const left = await countOpen(apiUrl);
  const waited = (withinMs / 1_000).toFixed(0);
  throw new Error(`${left} orders are still open after ${waited} s; look at \`make ps\` and \`make logs\`.`);
}

async function isDrained(apiUrl: string, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (await anyOpen(apiUrl)) {
    if (performance.now() > deadline) return false;
    await pause(100);
  }
  return true;
}

async function countOpen(apiUrl: string): Promise<number> {
  let count = 0;
  for (const status of ['pending', 'processing']) {
    let cursor: string | null = null;
    do {
      const page = await list(apiUrl, {
        status,
        limit: String(pageSize),
        ...(cursor !== null && { cursor }),
      });
      count += page.items.length;
      cursor = page.next;
    } while (cursor !== null);
  }
  return count;
}

async function anyOpen(apiUrl: string): Promise<boolean> {
  // In the order of an order's life: one that moves on between the two look-ups is seen by the second.
  for (const status of ['pending', 'processing']) {
    if ((await list(apiUrl, { status, limit: '1' })).items.length > 0) return true;
  }
  return false;
}

async function list(
  apiUrl: string,
  query: Record<string, string>,
): Promise<{ items: unknown[]; next: string | null }> {
  const answer = await fetch(`${apiUrl}/v1/orders?${new URLSearchParams(query)}`, {
    signal: AbortSignal.timeout(30_000),
  });
  if (!answer.ok) throw new Error(`GET /v1/orders answered ${answer.status}: ${await answer.text()}`);
  // The shape is the API's contract.
  return (await answer.json()) as { items: unknown[]; next: string | null };
}
