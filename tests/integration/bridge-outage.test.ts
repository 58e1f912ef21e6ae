import { fileURLToPath } from 'node:url';
import type { NativeConnection } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import type { KafkaClient } from '../../src/platform/kafka.ts';
import { orderCreatedRecord, startTestBridge, waitingTasks } from '../support/bridge.ts';
import { eventually } from '../support/eventually.ts';
import { committedOffset, listenTo, send, testKafka } from '../support/kafka.ts';
import { parts } from '../support/parts.ts';
import { startProxy } from '../support/proxy.ts';

// Side by side, each with topics, a group and a task queue of its own.
test.concurrent('while Temporal is gone nothing is committed or set aside and the member stays; then all start', async () => {
  const [host = '', port = ''] = parts().temporalAddress.split(':');
  await using proxy = await startProxy({ host, port: Number(port) });
  const { kafka, joins } = countingJoins();
  await using bridge = await startTestBridge({ kafka, temporalAddress: `127.0.0.1:${proxy.port}` });
  await using letters = await listenTo([bridge.dlq]);
  const before = orderCreatedRecord();
  await send(bridge.source, [before]);
  await eventually(async () => expect(bridge.started()).toEqual([before.id]), 15_000);
  await eventually(async () => expect(await committedOffset(bridge.group, bridge.source)).toBe(1), 15_000);

  await proxy.cut();
  const during = Array.from({ length: 12 }, () => orderCreatedRecord());
  await send(bridge.source, during);
  const outages = () => bridge.lines.filter(({ msg }) => msg === 'dependency down, partition waits');
  await eventually(async () => expect(outages().length).toBeGreaterThanOrEqual(1), 30_000);
  expect(await committedOffset(bridge.group, bridge.source)).toBe(1);
  expect(bridge.started()).toEqual([before.id]);

  await proxy.heal();
  const all = [before, ...during].map(({ id }) => id);
  await eventually(async () => expect(bridge.started().toSorted()).toEqual(all.toSorted()), 30_000);
  await eventually(async () => expect(await committedOffset(bridge.group, bridge.source)).toBe(13), 15_000);
  expect(letters.records).toEqual([]);
  expect(joins()).toBe(1);
}, 90_000);

test.concurrent('starts are held back while too many tasks wait, and go on as the queue is worked off', async () => {
  const orders = (length: number) => Array.from({ length }, () => orderCreatedRecord());
  await using bridge = await startTestBridge({ concurrency: 5, maxBacklog: 5 });
  const looks = countingLooks(bridge.connection);
  await send(bridge.source, orders(10));
  await eventually(async () => expect(bridge.started()).toHaveLength(10), 15_000);
  const startedAt = performance.now();
  await eventually(async () => {
    expect(await waitingTasks(bridge)).toBeGreaterThan(5);
    // Until then a sample from before may stand.
    expect(performance.now() - startedAt).toBeGreaterThan(300);
  }, 15_000);

  await send(bridge.source, orders(20));
  const before = looks();
  // Each sample is two looks; all of these find the queue behind.
  await eventually(async () => expect(looks()).toBeGreaterThanOrEqual(before + 8), 15_000);
  expect(bridge.started()).toHaveLength(10);

  const worker = await Worker.create({
    connection: bridge.connection,
    taskQueue: bridge.taskQueue,
    workflowsPath: fileURLToPath(new URL('../support/instant-workflow.ts', import.meta.url)),
  });
  await worker.runUntil(() => eventually(async () => expect(bridge.started()).toHaveLength(30), 30_000));
}, 90_000);

/** How often the task queue's backlog was looked at. */
function countingLooks(connection: NativeConnection): () => number {
  const { workflowService } = connection;
  const describe = workflowService.describeTaskQueue.bind(workflowService);
  let looks = 0;
  workflowService.describeTaskQueue = ((...args: Parameters<typeof describe>) => {
    looks += 1;
    return describe(...args);
  }) as typeof describe; // one of several overloads is called
  return () => looks;
}

function countingJoins(): { kafka: KafkaClient; joins: () => number } {
  let joins = 0;
  const kafka = testKafka();
  const consumer = (group: string) => {
    const made = kafka.consumer(group);
    made.on(made.events.GROUP_JOIN, () => {
      joins += 1;
    });
    return made;
  };
  return { kafka: { ...kafka, consumer }, joins: () => joins };
}
