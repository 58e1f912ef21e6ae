import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import { serveLoad } from './serve.ts';

// Accepts alone: an api process whose database no relay reads.

const { API_URL = '' } = process.env;
const agent = new Agent({ connections: 256, pipelining: 1 });
const body = JSON.stringify({
  customer_email: 'bench@example.com',
  amount_cents: 1_299,
  merchant_id: 'bench',
});

serveLoad({
  accept: async () => {
    const answer = await agent.request({
      origin: API_URL,
      path: '/v1/orders',
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body,
    });
    await answer.body.dump();
    if (answer.statusCode !== 202) throw new Error(`POST /v1/orders answered ${answer.statusCode}`);
  },
});
