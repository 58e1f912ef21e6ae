import { check } from 'k6';
import http from 'k6/http';

// k6 run loadtest/orders.js: 20 users post orders for 30 s, each as fast as it is answered.
export const options = {
  vus: 20,
  duration: '30s',
  thresholds: { checks: ['rate>0.99'], http_req_duration: ['p(99)<500'] },
};

const url = `${__ENV.API_URL || 'http://127.0.0.1:8080'}/v1/orders`;

export default function () {
  const body = JSON.stringify({ customer_email: `user${__VU}@example.com`, amount_cents: 1999 });
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() };
  const response = http.post(url, body, { headers });
  check(response, { 'status 202': (r) => r.status === 202 });
}
