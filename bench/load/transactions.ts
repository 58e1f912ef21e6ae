import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import { consumeEnds } from './ends.ts';
import { serveLoad } from './serve.ts';

// A client of the ledger: it asks for a credit and waits for the transaction's own transaction.processed to come off the topic.

const { API_URL = '', KAFKA_BROKERS = '' } = process.env;
const accounts = 100;

const agent = new Agent({ connections: 256, pipelining: 1 });
const untilProcessed = await consumeEnds(KAFKA_BROKERS, 'transaction.processed');
const ids = await Promise.all(
  Array.from({ length: accounts }, async () => (await post('/v1/accounts', { currency: 'EUR' })).id),
);
let turn = 0;
serveLoad({
  hot: () => credit(ids[0]),
  spread: () => {
    turn += 1;
    return credit(ids[turn % accounts]);
  },
});

async function credit(account_id = ''): Promise<void> {
  const { id } = await post('/v1/transactions', {
    account_id,
    type: 'CREDIT',
    amount_cents: 1,
    currency: 'EUR',
  });
  await untilProcessed(id);
}

async function post(path: string, body: object): Promise<{ id: string }> {
  const answer = await agent.request({
    origin: API_URL,
    path,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify(body),
  });
  // The contract's shape; the acceptance tests check it.
  if (answer.statusCode < 300) return (await answer.body.json()) as { id: string };
  throw new Error(`POST ${path} answered ${answer.statusCode}: ${await answer.body.text()}`);
}
