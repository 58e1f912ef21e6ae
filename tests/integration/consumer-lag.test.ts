import { randomUUID } from 'node:crypto';
import { createLagReader } from '../../src/keeper/consumer-lag.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaProxy, makeTopics, send, testKafka } from '../support/kafka.ts';

const records = (count: number) => Array.from({ length: count }, () => ({ key: 'k', value: 'v' }));

test('what a group has not committed, from the first record where it has committed nothing', async () => {
  const { work } = await makeTopics(['work']);
  const group = `lag-${randomUUID()}`;
  await using reader = createLagReader(testKafka(), [{ group, topics: [work] }]);
  expect(await reader.read()).toEqual([{ group, topic: work, partition: 0, records: 0 }]);
  await send(work, records(5));
  expect(await reader.read()).toEqual([{ group, topic: work, partition: 0, records: 5 }]);

  const admin = testKafka().admin();
  await admin.connect();
  await admin.setOffsets({ groupId: group, topic: work, partitions: [{ partition: 0, offset: '2' }] });
  expect(await reader.read()).toEqual([{ group, topic: work, partition: 0, records: 3 }]);
  // As age does: the group's next record is the first that is left.
  await admin.deleteTopicRecords({ topic: work, partitions: [{ partition: 0, offset: '4' }] });
  expect(await reader.read()).toEqual([{ group, topic: work, partition: 0, records: 1 }]);
  await admin.disconnect();
});

test('it fails while Kafka cannot be reached, and reads again by itself', async () => {
  const { work } = await makeTopics(['work']);
  await using proxy = await kafkaProxy();
  const group = `lag-${randomUUID()}`;
  const kafka = testKafka([`127.0.0.1:${proxy.port}`]);
  await using reader = createLagReader(kafka, [{ group, topics: [work] }]);
  expect(await reader.read()).toHaveLength(1);
  await proxy.cut();
  await expect(reader.read()).rejects.toThrow();
  await proxy.heal();
  await eventually(async () => expect(await reader.read()).toHaveLength(1), 20_000);
}, 60_000);
