import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { startBridge } from '../../src/consumers/bridge.ts';
import { orders } from '../../src/consumers/domains.ts';
import { toRecord } from '../../src/consumers/envelope.ts';
import { jsonEncoding } from '../../src/consumers/formats/encoding.ts';
import { newId } from '../../src/core/id.ts';
import { orderCreated } from '../../src/order/events.ts';
import { createKafka } from '../../src/platform/kafka.ts';
import { startTelemetry } from '../../src/platform/telemetry.ts';
import { installTemporal, temporalPlugin } from '../../src/platform/temporal.ts';
import { alternate, controlRatios, pairRatios } from '../measure/blocks.ts';
import { countLines } from '../measure/count.ts';
import { sampleOrder } from '../measure/sample-order.ts';
import { ratioOf } from '../measure/statistics.ts';
import { timed } from '../measure/timed.ts';
import type { Part } from '../rows.ts';
import type { System } from '../system.ts';

export interface BridgePlan {
  readonly passes: number;
  readonly starts: number;
  /** Starts at once, on both sides. */
  readonly concurrency: number;
}

/** Starts of runs for records beside the same starts by the bare client; nobody polls their task queue. */
export async function bridge(
  system: System,
  { passes, starts, concurrency }: BridgePlan,
  say: (line: string) => void,
): Promise<Part> {
  await using opened = new AsyncDisposableStack();
  const topic = 'bench.bridge';
  await system.kafka.createTopics({ topics: [{ topic, numPartitions: 6 }], waitForLeaders: true });
  const started = countLines((_, message) => (message === 'workflow started' ? 1 : 0));
  const telemetry = opened.use(startTelemetry({ serviceName: 'bench' }));
  const { connect } = await installTemporal(started.log);
  const connection = await connect({ connectionOptions: { address: system.env.TEMPORAL_ADDRESS ?? '' } });
  opened.defer(() => connection.close());
  const kafka = createKafka({
    brokers: [system.env.KAFKA_BROKERS ?? ''],
    clientId: 'bench',
    log: started.log,
  });
  const producer = kafka.producer();
  await producer.connect();
  opened.defer(() => producer.disconnect());
  const taskQueue = 'bench-bridge';
  opened.use(
    await startBridge(
      {
        kafka,
        connection,
        namespace: 'default',
        taskQueue,
        plugin: temporalPlugin(telemetry),
        group: 'bench-bridge',
        topic,
        deadLetterTopic: 'order.dlq',
        concurrency,
        maxBacklog: Number.MAX_SAFE_INTEGER,
        worker: undefined,
        mostUnderWay: Number.MAX_SAFE_INTEGER,
        log: started.log,
      },
      orders,
    ),
  );
  const client = new Client({ connection });
  const throughKafka = async (): Promise<void> => {
    const all = started.next(starts);
    await producer.send({ topic, acks: -1, messages: records(starts) });
    await all;
  };
  const bare = async (): Promise<void> => {
    const waiting = records(starts).values();
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        for (const record of waiting) await startBare(client, taskQueue, record);
      }),
    );
  };
  await throughKafka();
  await bare();
  const blocks = await alternate(
    passes,
    { bridge: () => timed(starts, throughKafka), bare: () => timed(starts, bare) },
    (name, { perSecond }) => say(`  ${name.padEnd(6)} ${perSecond.toFixed(0)} a second`),
  );
  return {
    name: 'bridge',
    control: ratioOf(controlRatios(blocks.bare)),
    rows: [
      {
        id: 'bridge/workflow.start',
        question: `runs started a second for records on a topic ÷ bare workflow.start, ${concurrency} at once`,
        ratio: ratioOf(pairRatios(blocks.bridge, blocks.bare, ({ perSecond }) => perSecond)),
        bar: { least: 0.85 },
      },
    ],
    notes: Object.entries(blocks).map(
      ([name, of]) => `${name}: ${of.map(({ perSecond }) => perSecond.toFixed(0)).join(' ')} a second`,
    ),
  };
}

function records(howMany: number) {
  return Array.from({ length: howMany }, (_, at) => {
    const event = orderCreated({ ...sampleOrder, id: newId() });
    const row = {
      id: at,
      event_id: event.id,
      type: event.type,
      key: event.key,
      body: JSON.stringify(event.body),
      traceparent: null,
      correlation_id: randomUUID(),
      created_at: event.time,
    };
    return toRecord(row, jsonEncoding(event.type));
  });
}

async function startBare(
  client: Client,
  taskQueue: string,
  { key, value }: ReturnType<typeof records>[number],
) {
  const { begin } = await orders.read({ key: Buffer.from(key), value: Buffer.from(value) });
  const { workflowType, input, ...begun } = begin({ topic: 'bench.bridge', partition: 0, offset: '0' });
  return client.workflow.start(workflowType, {
    ...begun,
    taskQueue,
    args: [input],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
  });
}
