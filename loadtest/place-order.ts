import { check } from 'k6';
import http from 'k6/http';
import type { Options } from 'k6/options';

const url = `${__ENV.API_URL || 'http://127.0.0.1:8080'}/v1/orders`;

export const thresholds = { checks: ['rate>0.99'], http_req_duration: ['p(99)<500'] };

/** So many orders in all, shared by so many users who each wait for their answer. */
export function orders(iterations: number, { users }: { users: number }): Options {
  const scenario = { executor: 'shared-iterations', vus: users, iterations, maxDuration: '2m' } as const;
  return { scenarios: { orders: scenario }, thresholds };
}

export function placeOrder(): void {
  const body = JSON.stringify({ customer_email: `user${__VU}@example.com`, amount_cents: 1999 });
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() };
  const response = http.post(url, body, { headers });
  check(response, { 'status 202': ({ status }) => status === 202 });
}
