import { randomUUID } from 'node:crypto';
import { drained } from './backlog.ts';

const orders = 300;
const users = 20;

/** Orders a second that the system completes: a short burst by users who wait for their answers, timed until the last is final. */
export async function measureCapacity(apiUrl: string): Promise<number> {
  await drained(apiUrl, 60_000);
  const started = performance.now();
  await Promise.all(Array.from({ length: users }, (_, user) => placeOrders(apiUrl, user, orders / users)));
  await drained(apiUrl, 60_000);
  return (orders * 1_000) / (performance.now() - started);
}

async function placeOrders(apiUrl: string, user: number, count: number): Promise<void> {
  const body = JSON.stringify({ customer_email: `user${user}@example.com`, amount_cents: 1999 });
  for (let placed = 0; placed < count; placed += 1) {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    const answer = await fetch(`${apiUrl}/v1/orders`, { method: 'POST', headers, body });
    if (answer.status !== 202)
      throw new Error(`POST /v1/orders answered ${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
  }
}
