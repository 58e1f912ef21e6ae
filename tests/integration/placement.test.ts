import { sql } from 'slonik';
import type { Order } from '../../src/order/order.ts';
import { type Claim, KeyBusyError } from '../../src/store/idempotency.ts';
import { createPlaceOrder, placeOrder } from '../../src/store/order-placement.ts';
import { findOrder } from '../../src/store/orders.ts';
import type { Pool } from '../../src/store/pool.ts';
import { databaseOfFile, poolOf } from '../support/database.ts';
import { aClaim, anOrder } from '../support/orders.ts';
import { startProxy } from '../support/proxy.ts';

const { database, pool } = await databaseOfFile();

interface Given {
  readonly order?: Order;
  readonly response?: string;
  readonly from?: Pool;
}

function place(claim: Claim, given: Given = {}) {
  const { order = anOrder(), response = `{"id":"${order.id}"}`, from = pool } = given;
  return placeOrder(from, { subject: order, response, claim, traceparent: null });
}

async function rowsOf(key: string) {
  const [counts] = await database.rows(
    `select count(distinct o.id)::int as orders, count(distinct b.id)::int as events
     from idempotency_keys k left join orders o on o.id = k.order_id left join outbox b on b.key = o.id::text
     where k.key = $1`,
    [key],
  );
  return counts;
}

const total = async () => (await database.rows('select id from orders')).length;

test('a new key places the order, and its order.created waits in the outbox', async () => {
  const order = anOrder({ merchantId: 'shop-7', traceId: 'a'.repeat(32) });
  const claim = aClaim();
  expect(await place(claim, { order })).toEqual({ outcome: 'placed' });
  expect(await findOrder(pool, order.id)).toEqual(order);
  expect(await rowsOf(claim.key)).toEqual({ orders: 1, events: 1 });
});

test('the same request again gets the first answer and writes nothing', async () => {
  const claim = aClaim();
  const order = anOrder();
  await place(claim, { order, response: '{"first": true}' });
  const before = await total();
  expect(await place(claim, { response: '{"second": true}' })).toEqual({
    outcome: 'replayed',
    id: order.id,
    response: '{"first": true}',
  });
  expect(await total()).toBe(before);
});

test('a key with another request is refused and writes nothing', async () => {
  const claim = aClaim({ request: 'one' });
  await place(claim);
  const before = await total();
  expect(await place(aClaim({ key: claim.key, request: 'other' }))).toEqual({ outcome: 'key_reused' });
  expect(await total()).toBe(before);
});

test.each(['caller', 'operation'])('the same key of another %s is another key', async (scope) => {
  const claim = aClaim();
  await place(claim);
  expect(await place({ ...claim, [scope]: 'another' })).toEqual({ outcome: 'placed' });
});

test('an expired key is taken over by the next request, whatever it asks for', async () => {
  const claim = aClaim({ request: 'one', ttlMs: -1_000 });
  await place(claim);
  const order = anOrder();
  const next = aClaim({ key: claim.key, request: 'other' });
  expect(await place(next, { order })).toEqual({ outcome: 'placed' });
  expect(await place(next)).toMatchObject({ outcome: 'replayed', id: order.id });
});

test('64 calls at once with one key place one order and one event', async () => {
  const claim = aClaim();
  const before = await total();
  const outcomes = await Promise.all(Array.from({ length: 64 }, () => place(claim)));
  const placed = outcomes.filter(({ outcome }) => outcome === 'placed');
  const replayed = outcomes.flatMap((one) => (one.outcome === 'replayed' ? [one.response] : []));
  expect([placed.length, replayed.length]).toEqual([1, 63]);
  expect(new Set(replayed).size).toBe(1);
  expect(await total()).toBe(before + 1);
  expect(await rowsOf(claim.key)).toEqual({ orders: 1, events: 1 });
});

describe('orders that arrive together', () => {
  const placement = (claim: Claim, given: Partial<Order> = {}) => {
    const order = anOrder(given);
    return { subject: order, response: `{"id":"${order.id}"}`, claim, traceparent: null };
  };

  test('are all placed, each with its own rows', async () => {
    const together = createPlaceOrder(pool);
    const placements = Array.from({ length: 200 }, () => placement(aClaim()));
    const outcomes = await Promise.all(placements.map(together));
    expect(outcomes).toEqual(placements.map(() => ({ outcome: 'placed' })));
    for (const { subject: order } of placements) expect(await findOrder(pool, order.id)).toEqual(order);
    for (const { claim } of placements) expect(await rowsOf(claim.key)).toEqual({ orders: 1, events: 1 });
  });

  test('get each the outcome of its own key: new, repeated, used for something else', async () => {
    const together = createPlaceOrder(pool);
    const repeated = aClaim();
    const first = anOrder();
    await place(repeated, { order: first, response: 'first' });
    const outcomes = await Promise.all(
      [aClaim(), aClaim(), repeated, aClaim({ key: repeated.key, request: 'other' }), aClaim()].map((claim) =>
        together(placement(claim)),
      ),
    );
    expect(outcomes).toEqual([
      { outcome: 'placed' },
      { outcome: 'placed' },
      { outcome: 'replayed', id: first.id, response: 'first' },
      { outcome: 'key_reused' },
      { outcome: 'placed' },
    ]);
  });

  test('with one key are one order: the others get its answer, or are refused with another request', async () => {
    const together = createPlaceOrder(pool);
    const claim = aClaim();
    const first = placement(claim);
    const repeats = Array.from({ length: 50 }, () => placement(claim));
    const other = placement(aClaim({ key: claim.key, request: 'other' }));
    const [placed, refused, ...replayed] = await Promise.all([first, other, ...repeats].map(together));
    expect(placed).toEqual({ outcome: 'placed' });
    expect(refused).toEqual({ outcome: 'key_reused' });
    const answer = { outcome: 'replayed', id: first.subject.id, response: first.response };
    expect(replayed).toEqual(repeats.map(() => answer));
    expect(await rowsOf(claim.key)).toEqual({ orders: 1, events: 1 });
  });

  test('do not fail for one among them that Postgres refuses', async () => {
    const together = createPlaceOrder(pool);
    const settled = await Promise.allSettled(
      [1, 1, 1, 0, 1].map((amountCents) => together(placement(aClaim(), { amountCents }))),
    );
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  test('and carry the same keys in two processes, in whatever order, are placed once and never block each other', async () => {
    const claims = Array.from({ length: 100 }, () => aClaim());
    await using otherPool = await poolOf(database.url);
    const [one, other] = [createPlaceOrder(pool), createPlaceOrder(otherPool)];
    const calls = claims.map((claim) => one(placement(claim)));
    const reversed = claims.toReversed().map((claim) => other(placement(claim)));
    const outcomes = (await Promise.all([...calls, ...reversed])).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'placed')).toHaveLength(100);
    expect(outcomes.filter((outcome) => outcome === 'replayed')).toHaveLength(100);
  });

  test('wait no longer than a statement waits for a row when one of them is held by somebody else', async () => {
    const together = createPlaceOrder(pool);
    const held = aClaim();
    await using holder = await poolOf(database.url);
    const release = Promise.withResolvers<void>();
    const holding = holder.rows(sql.unsafe`
      with held as (
        insert into idempotency_keys (caller, operation, key, fingerprint, order_id, response, expires_at)
        values (${held.caller}, ${held.operation}, ${held.key}, '', gen_random_uuid(), '', now()) returning 1
      ) select pg_sleep(2.5) from held`);
    holding.finally(release.resolve);
    const started = performance.now();
    const calls = [aClaim(), aClaim(), held, aClaim()].map((claim) => together(placement(claim)));
    const repeat = together(placement(held)).catch((error: unknown) => error);
    expect(await repeat).toBeInstanceOf(KeyBusyError);
    expect(performance.now() - started).toBeLessThan(2_400);
    const settled = await Promise.allSettled(calls);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(settled[2]).toMatchObject({ reason: expect.any(KeyBusyError) });
    await release.promise;
  });
});

test('the answer to a commit is lost: the call asks again and finds its own order placed, once', async () => {
  const address = new URL(database.url);
  await using proxy = await startProxy({ host: address.hostname, port: Number(address.port) });
  address.port = String(proxy.port);
  await using shaky = await poolOf(address.href);
  const claim = aClaim();
  proxy.loseAnswerTo(claim.key);
  expect(await place(claim, { from: shaky })).toEqual({ outcome: 'placed' });
  await proxy.answerLost;
  expect(await rowsOf(claim.key)).toEqual({ orders: 1, events: 1 });
});

test.each([1, 4_200, Number.MAX_SAFE_INTEGER])('%d cents come back as they went in', async (amountCents) => {
  const order = anOrder({
    amountCents,
    items: [{ productId: 'p', quantity: 1, unitPriceCents: amountCents }],
  });
  await place(aClaim(), { order });
  expect(await findOrder(pool, order.id)).toEqual(order);
  const [event] = await database.rows<{ body: string }>('select body from outbox where key = $1', [order.id]);
  expect(JSON.parse(event?.body ?? '')).toMatchObject({ amount_cents: amountCents });
});

const texts = {
  emoji: '👩‍👩‍👧‍👦🇩🇪',
  'right to left': 'שלום ‏עולם',
  composed: 'é'.normalize('NFC'),
  decomposed: 'é'.normalize('NFD'),
  'only spaces': '   ',
  quotes: `'; drop table orders; -- "\\ \r\n\u001b[31m`,
  'beyond the basic plane': '𠮷野家',
};
test.each(Object.entries(texts))('text stays byte for byte what it was: %s', async (_, text) => {
  const order = anOrder({
    merchantId: text,
    customerEmail: text,
    items: [{ productId: text, quantity: 1, unitPriceCents: 1 }],
  });
  const claim = aClaim();
  await place(claim, { order, response: text });
  expect(await findOrder(pool, order.id)).toEqual(order);
  expect(await place(claim)).toMatchObject({ response: text });
  const [event] = await database.rows<{ body: string }>('select body from outbox where key = $1', [order.id]);
  expect(JSON.parse(event?.body ?? '')).toMatchObject({ merchant_id: text, items: [{ product_id: text }] });
});
