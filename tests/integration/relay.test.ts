import { eventId } from '../../src/core/id.ts';
import { orderCanceled } from '../../src/order/events.ts';
import { moveOrder } from '../../src/store/moves.ts';
import { placeOrder } from '../../src/store/order-placement.ts';
import { databaseOfFile } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaProxy, listenTo, makeTopics, type Received, testKafka } from '../support/kafka.ts';
import { memoryLog } from '../support/log.ts';
import { aClaim, anOrder, placed } from '../support/orders.ts';
import { sameTopic, startTestRelay, unsent } from '../support/relay.ts';

const words = ['order.created', 'order.processed', 'order.failed', 'order.canceled'] as const;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const { database, pool } = await databaseOfFile();

const keyOf = ({ key }: Received) => key?.toString() ?? '';
const headersOf = ({ headers = {} }: Received) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

async function untilAllSent(): Promise<void> {
  await eventually(async () => expect(await unsent(database)).toBe(0), 15_000);
}

test('an event reaches its topic as a CloudEvent, keyed by its order, with its trace', async () => {
  const topics = await makeTopics(words);
  await using listener = await listenTo(Object.values(topics));
  const order = anOrder({
    merchantId: 'shop-7',
    correlationId: 'request-1',
    items: [{ productId: 'p', quantity: 2, unitPriceCents: 2_100 }],
  });
  await placeOrder(pool, { subject: order, response: '{}', claim: aClaim(), traceparent });
  const event = orderCanceled({ ...order, orderId: order.id }, new Date());
  await moveOrder(pool, { orderId: order.id, from: 'pending', to: 'canceled', event });
  await using _relay = await startTestRelay({ database, topics });

  await eventually(async () => expect(listener.records).toHaveLength(2), 15_000);
  const created = listener.records.find(({ topic }) => topic === topics['order.created']);
  if (created === undefined) throw new Error('order.created did not come');
  expect(keyOf(created)).toBe(order.id);
  expect(JSON.parse(String(created.value))).toEqual({
    order_id: order.id,
    customer_email: order.customerEmail,
    amount_cents: 4_200,
    currency: 'EUR',
    merchant_id: 'shop-7',
    items: [{ product_id: 'p', quantity: 2, unit_price_cents: 2_100 }],
    created_at: order.createdAt.toISOString(),
    schema_version: 1,
  });
  expect(headersOf(created)).toEqual({
    ce_specversion: '1.0',
    ce_id: eventId(order.id, 'order.created'),
    ce_type: 'order.created',
    ce_source: '/tbd/orders',
    ce_time: order.createdAt.toISOString(),
    ce_subject: order.id,
    ce_dataschema: '/schemas/order.created/v1',
    'content-type': 'application/json',
    traceparent,
    correlation_id: 'request-1',
  });
  const canceled = listener.records.find(({ topic }) => topic === topics['order.canceled']);
  expect(JSON.parse(String(canceled?.value))).toMatchObject({ order_id: order.id, status: 'canceled' });
  expect(canceled && headersOf(canceled).correlation_id).toBe('request-1');
  await untilAllSent();
});

test('the events of one order share a partition, whatever the topic’s number of them', async () => {
  const { all } = await makeTopics(['all'], { partitions: 6 });
  await using listener = await listenTo([all]);
  for (let at = 0; at < 20; at += 1) {
    const order = await placed(pool);
    const event = orderCanceled({ ...order, orderId: order.id }, new Date());
    await moveOrder(pool, { orderId: order.id, from: 'pending', to: 'canceled', event });
  }
  await using _relay = await startTestRelay({ database, topics: sameTopic(all) });
  await eventually(async () => expect(listener.records).toHaveLength(40), 15_000);
  const byKey = Map.groupBy(listener.records, keyOf);
  expect(byKey.size).toBe(20);
  for (const records of byKey.values()) {
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(1);
    expect(records.map((record) => headersOf(record).ce_type)).toEqual(['order.created', 'order.canceled']);
  }
  await untilAllSent();
});

test('the broker’s answer is lost: the row is sent again under the same event id before it is deleted', async () => {
  const { all } = await makeTopics(['all']);
  await using proxy = await kafkaProxy();
  await using listener = await listenTo([all]);
  const order = anOrder();
  proxy.loseAnswerTo(order.id);
  await placeOrder(pool, { subject: order, response: '{}', claim: aClaim(), traceparent: null });
  const kafka = testKafka([`127.0.0.1:${proxy.port}`]);
  await using _relay = await startTestRelay({ database, topics: sameTopic(all), kafka });
  await proxy.answerLost;
  await eventually(async () => expect(listener.records.length).toBeGreaterThanOrEqual(2), 20_000);
  const ids = listener.records.map((record) => headersOf(record).ce_id);
  expect(new Set(ids)).toEqual(new Set([eventId(order.id, 'order.created')]));
  await untilAllSent();
}, 60_000);

test('while Kafka cannot be reached rows stay in the outbox, and arrive when it can', async () => {
  const { all } = await makeTopics(['all']);
  await using proxy = await kafkaProxy();
  await using listener = await listenTo([all]);
  const { log, lines } = memoryLog();
  const kafka = testKafka([`127.0.0.1:${proxy.port}`], log);
  await using _relay = await startTestRelay({ database, topics: sameTopic(all), kafka });
  const before = await placed(pool);
  await eventually(async () => expect(listener.records.map(keyOf)).toEqual([before.id]), 15_000);

  await proxy.cut();
  const during = [await placed(pool), await placed(pool), await placed(pool)];
  const refused = () => lines.filter(({ detail }) => String(detail).includes('ECONNREFUSED'));
  await eventually(async () => expect(refused().length).toBeGreaterThanOrEqual(5), 30_000);
  expect(await unsent(database)).toBe(3);
  expect(listener.records).toHaveLength(1);

  await proxy.heal();
  await untilAllSent();
  const arrived = () => new Set(listener.records.map(keyOf));
  await eventually(
    async () => expect(arrived()).toEqual(new Set([before, ...during].map(({ id }) => id))),
    15_000,
  );
}, 60_000);

test('orders that are large together go out in batches the topic takes', async () => {
  const { all } = await makeTopics(['all']);
  await using listener = await listenTo([all]);
  const items = Array.from({ length: 1_000 }, () => ({
    productId: 'p'.repeat(255),
    quantity: 1,
    unitPriceCents: 1,
  }));
  const ids: string[] = [];
  for (let at = 0; at < 24; at += 1) ids.push((await placed(pool, { items, amountCents: 1_000 })).id);
  await using _relay = await startTestRelay({ database, topics: sameTopic(all) });
  await untilAllSent();
  await eventually(async () => expect(new Set(listener.records.map(keyOf))).toEqual(new Set(ids)), 20_000);
}, 60_000);
