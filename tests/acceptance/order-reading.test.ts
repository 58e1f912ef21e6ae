import { randomUUID } from 'node:crypto';
import { type Order, readOrder } from './outside/api.ts';
import { inParallel } from './outside/in-parallel.ts';
import { openSystem, type System } from './outside/system.ts';

const newOrder = { customer_email: 'reader@example.com', amount_cents: 4_200, merchant_id: 'reading' };

let system: System;

beforeAll(async () => {
  system = await openSystem(process.env);
});
afterAll(() => system[Symbol.asyncDispose]());

test('an accepted order says where it is, and is there at once', async () => {
  const accepted = await system.api.post(newOrder);
  expect(accepted.status).toBe(202);
  const order = readOrder(accepted);
  expect(order).toMatchObject({ ...newOrder, currency: 'USD', status: 'pending', version: 1 });
  expect(accepted.headers.get('location')).toBe(`/v1/orders/${order.id}`);
  expect(accepted.headers.get('etag')).toBe('"1"');
  expect(await system.api.get(order.id)).toMatchObject({ ...newOrder, id: order.id });
  const final = await system.api.untilFinal(order.id);
  const answer = await system.api.request(`/v1/orders/${order.id}`);
  expect(answer.headers.get('etag')).toBe(`"${final.version}"`);
});

test('the same key again gets the same answer, byte for byte, and makes nothing', async () => {
  const key = randomUUID();
  const first = await system.api.post(newOrder, key);
  const { id } = await system.api.untilFinal(readOrder(first).id);
  const repeats = await inParallel({ count: 10, limit: 10 }, () => system.api.post(newOrder, key));
  for (const repeat of repeats) {
    expect({ status: repeat.status, text: repeat.text }).toEqual({ status: 202, text: first.text });
    expect(repeat.headers.get('location')).toBe(first.headers.get('location'));
    expect(repeat.headers.get('idempotent-replayed')).toBe('true');
  }
  expect(first.headers.has('idempotent-replayed')).toBe(false);
  expect((await system.events.read('order.created')).filter((one) => one.key === id)).toHaveLength(1);
});

test('ten clients with one key at the same moment make one order', async () => {
  const key = randomUUID();
  const answers = await inParallel({ count: 10, limit: 10 }, () => system.api.post(newOrder, key));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers.filter(({ headers }) => !headers.has('idempotent-replayed'))).toHaveLength(1);
});

test('the same key with another order is refused, and with the same order spelled differently is not', async () => {
  const key = randomUUID();
  const first = await system.api.post(newOrder, key);
  const { merchant_id, amount_cents, customer_email } = newOrder;
  const respelled = await system.api.post({ merchant_id, amount_cents, customer_email }, `"${key}"`);
  expect({ status: respelled.status, text: respelled.text }).toEqual({ status: 202, text: first.text });
  const other = await system.api.post({ ...newOrder, amount_cents: 1 }, key);
  expect(other.status).toBe(422);
  expect(JSON.parse(other.text)).toMatchObject({ code: 'idempotency_key_reused' });
});

describe('the list', () => {
  const count = 7;
  let newest: string[];

  beforeAll(async () => {
    const accepted: Order[] = [];
    for (let index = 0; index < count; index += 1) accepted.push(await system.api.accept(newOrder));
    newest = accepted.map(({ id }) => id).reverse();
    await Promise.all(newest.map((id) => system.api.untilFinal(id)));
  });

  test('is walked with a cursor, newest first, every order once', async () => {
    const seen: string[] = [];
    let page = await system.api.list({ limit: '3' });
    while (page.next !== null && seen.length < count) {
      expect(page.items).toHaveLength(3);
      seen.push(...page.items.map(({ id }) => id));
      page = await system.api.list({ limit: '3', cursor: page.next });
    }
    expect(seen.slice(0, count)).toEqual(newest);
  });

  test('has pages by number as well', async () => {
    const pages = await Promise.all(['1', '2', '3'].map((page) => system.api.list({ page, page_size: '2' })));
    expect(pages.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(newest.slice(0, 6));
  });

  test('is filtered by status', async () => {
    const { id } = await system.api.accept({ ...newOrder, merchant_id: 'declined' });
    await system.api.untilFinal(id);
    const failed = await system.api.list({ status: 'failed', limit: '100' });
    expect(failed.items.map((order) => order.id)).toContain(id);
    expect(new Set(failed.items.map(({ status }) => status))).toEqual(new Set(['failed']));
  });

  test('ends, where there is no older order, without a next page', async () => {
    const walk = async () => {
      let page = await system.api.list({ limit: '100' });
      const ids = page.items.map(({ id }) => id);
      while (page.next !== null) {
        page = await system.api.list({ limit: '100', cursor: page.next });
        ids.push(...page.items.map(({ id }) => id));
      }
      return ids;
    };
    const ids = await walk();
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(ids.toSorted().reverse());
  });
});

test('an order that does not exist is a 404, an id that is none a 400', async () => {
  const missing = await system.api.request(`/v1/orders/${randomUUID()}`);
  expect(missing.status).toBe(404);
  expect(JSON.parse(missing.text)).toMatchObject({ code: 'order_not_found' });
  const wrong = await system.api.request('/v1/orders/42');
  expect(wrong.status).toBe(400);
  expect(JSON.parse(wrong.text)).toMatchObject({ errors: [{ pointer: '/id', detail: expect.any(String) }] });
});
