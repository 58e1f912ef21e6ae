import { eventId } from '../../src/core/id.ts';
import { startTestBridge } from '../support/bridge.ts';
import { databaseOfFile, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaProxy, listenTo, makeTopics, testKafka } from '../support/kafka.ts';
import { placed } from '../support/orders.ts';
import { type Link, startProxy } from '../support/proxy.ts';
import { sameTopic, startRelayProcess, startTestRelay, unsent } from '../support/relay.ts';

const { database, pool } = await databaseOfFile();

/** A way to the file's database that can hold a statement back. */
async function databaseProxy({ url }: TestDatabase): Promise<{ proxy: Link; databaseUrl: string }> {
  const address = new URL(url);
  const proxy = await startProxy({ host: address.hostname, port: Number(address.port) });
  address.hostname = '127.0.0.1';
  address.port = String(proxy.port);
  return { proxy, databaseUrl: address.href };
}

test('a relay killed between the broker’s answer and its delete: the event is sent again, and its run is started once', async () => {
  await using bridge = await startTestBridge();
  await using listener = await listenTo([bridge.source]);
  const { proxy, databaseUrl } = await databaseProxy(database);
  await using _proxy = proxy;
  const deleting = proxy.holdBack('delete from outbox');
  const order = await placed(pool);
  const relay = await startRelayProcess({ databaseUrl, topic: bridge.source });
  await deleting;
  relay.kill('SIGKILL');
  await relay.ended;
  await eventually(async () => expect(bridge.started()).toEqual([order.id]), 15_000);
  expect(await unsent(database)).toBe(1);

  await using _next = await startTestRelay({ database, topics: sameTopic(bridge.source) });
  await eventually(async () => expect(bridge.started({ duplicate: true })).toEqual([order.id]), 30_000);
  await eventually(async () => expect(await unsent(database)).toBe(0), 15_000);
  const id = eventId(order.id, 'order.created');
  expect(listener.records.map(({ headers }) => String(headers?.ce_id))).toEqual([id, id]);
  expect(bridge.started()).toEqual([order.id]);
}, 90_000);

test.each([1, 4, 8])(
  'the answer to send %i of eight that wait together is lost after the append: whatever was acknowledged is in the log',
  async (lost) => {
    const { all } = await makeTopics(['all']);
    await using listener = await listenTo([all]);
    await using proxy = await kafkaProxy();
    const producer = testKafka([`127.0.0.1:${proxy.port}`]).producer();
    await producer.connect();
    await using _producer = { [Symbol.asyncDispose]: () => producer.disconnect() };
    const marks = Array.from({ length: 8 }, (_, at) => `mark-${at + 1}-of-8`);
    proxy.loseAnswerTo(`mark-${lost}-of-8`);
    const sends = await Promise.allSettled(
      marks.map((mark) => producer.send({ topic: all, acks: -1, messages: [{ key: 'one', value: mark }] })),
    );
    await proxy.answerLost;
    const acknowledged = marks.filter((_, at) => sends[at]?.status === 'fulfilled');
    expect(acknowledged).toEqual(marks);
    // A repeat is the price, and the event id is what tells it.
    const inLog = () => listener.records.map(({ value }) => String(value));
    await eventually(async () => expect(inLog().length).toBeGreaterThan(marks.length), 15_000);
    expect(new Set(inLog())).toEqual(new Set(marks));
  },
  60_000,
);
