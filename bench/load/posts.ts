import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import { serveLoad } from './serve.ts';

// The same POST to one of two servers.

const agent = new Agent({ connections: 256, pipelining: 1 });
const body = JSON.stringify({
  customer_email: 'bench@example.com',
  amount_cents: 1_299,
  merchant_id: 'bench',
});

const postTo = (origin: string) => async () => {
  const answer = await agent.request({
    origin,
    path: '/v1/orders',
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body,
  });
  await answer.body.dump();
  if (answer.statusCode !== 202) throw new Error(`POST /v1/orders answered ${answer.statusCode}`);
};

const { CHAIN_URL = '', BARE_URL = '' } = process.env;
serveLoad({ chain: postTo(CHAIN_URL), bare: postTo(BARE_URL) });
