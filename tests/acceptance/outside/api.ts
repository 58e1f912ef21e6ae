import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { eventually } from '../../support/eventually.ts';

// Written apart from the service's own schemas: a change of the contract fails here.
const orderSchema = z.looseObject({
  id: z.uuid(),
  customer_email: z.string().nullable(),
  amount_cents: z.int(),
  currency: z.string(),
  merchant_id: z.string().nullable(),
  status: z.enum(['pending', 'processing', 'completed', 'failed', 'canceled']),
  payment_state: z.string(),
  failure_reason: z.string().nullable(),
  cancel_requested_at: z.string().nullable(),
  version: z.int(),
  trace_id: z.string(),
});
export type Order = z.output<typeof orderSchema>;

const pageSchema = z.object({ items: z.array(orderSchema), next: z.string().nullable() });
type Page = z.output<typeof pageSchema>;

interface NewOrder {
  readonly customer_email: string;
  readonly amount_cents: number;
  readonly merchant_id?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Api {
  request(path: string, init?: RequestInit): Promise<Answer>;
  /** Any answer, also a refusal. */
  post(order: unknown, key?: string, headers?: Record<string, string>): Promise<Answer>;
  /** The accepted order; throws on any other answer. */
  accept(order: NewOrder, key?: string): Promise<Order>;
  get(id: string): Promise<Order>;
  cancel(id: string): Promise<Answer>;
  list(query: Readonly<Record<string, string>>): Promise<Page>;
  untilFinal(id: string, withinMs?: number): Promise<Order>;
}

const answerWithinMs = 15_000;

export function createApi(url: string): Api {
  const request = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(answerWithinMs), ...init });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const api: Api = {
    request,
    post: (order, key = randomUUID(), headers = {}) =>
      request('/v1/orders', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key, ...headers },
        body: JSON.stringify(order),
      }),
    accept: async (order, key) => readOrder(expectStatus(await api.post(order, key), 202)),
    get: async (id) => readOrder(expectStatus(await request(`/v1/orders/${id}`), 200)),
    cancel: (id) => request(`/v1/orders/${id}/cancel`, { method: 'POST' }),
    list: async (query) => {
      const answer = expectStatus(await request(`/v1/orders?${new URLSearchParams(query)}`), 200);
      return pageSchema.parse(JSON.parse(answer.text));
    },
    untilFinal: (id, withinMs = 25_000) =>
      eventually(async () => {
        const order = await api.get(id);
        if (isFinal(order)) return order;
        throw new Error(`order ${id} is still ${order.status}`);
      }, withinMs),
  };
  return api;
}

export function readOrder({ text }: Pick<Answer, 'text'>): Order {
  return orderSchema.parse(JSON.parse(text));
}

function isFinal({ status }: Order): boolean {
  return ['completed', 'failed', 'canceled'].includes(status);
}

function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer;
  throw new Error(`answered ${answer.status} instead of ${status}: ${answer.text}`);
}
