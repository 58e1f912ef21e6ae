import { randomUUID } from 'node:crypto';
import { Agent, type Dispatcher } from 'undici';

const agent = new Agent({ connections: 256, pipelining: 1 });
const order = { customer_email: 'bench@example.com', amount_cents: 1_299, merchant_id: 'bench' };
const body = JSON.stringify(order);

/** The bench's order, under a key of its own; the accepted answer's body, still to be read. */
export function postOrderTo(
  origin: string,
  path = '/v1/orders',
): () => Promise<Dispatcher.ResponseData['body']> {
  return async () => {
    const answer = await agent.request({
      origin,
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body,
    });
    if (answer.statusCode === 202) return answer.body;
    throw new Error(`POST ${path} answered ${answer.statusCode}: ${await answer.body.text()}`);
  };
}

/** The same for who only counts them. */
export function countPostsTo(origin: string, path?: string): () => Promise<void> {
  const post = postOrderTo(origin, path);
  return async () => (await post()).dump();
}
