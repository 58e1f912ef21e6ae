import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { type BridgeDeps, startBridge } from '../../src/consumers/bridge.ts';
import { orders } from '../../src/consumers/domains.ts';
import { newId } from '../../src/core/id.ts';
import { startTelemetry } from '../../src/platform/telemetry.ts';
import { installTemporal, temporalPlugin } from '../../src/platform/temporal.ts';
import { orderWorkflowId } from '../../src/workflows/contract.ts';
import { makeTopics, testKafka } from './kafka.ts';
import { type Line, memoryLog, silent } from './log.ts';
import { parts } from './parts.ts';

// Before the first connection of a test file: the core's own warnings of a test's outages are no news.
await installTemporal(silent);

export interface TestBridge extends AsyncDisposable {
  readonly source: string;
  readonly dlq: string;
  readonly group: string;
  readonly taskQueue: string;
  readonly lines: readonly Line[];
  readonly connection: NativeConnection;
  /** Orders whose run exists, by what the bridge says of each start. */
  readonly started: (how?: { duplicate: boolean }) => string[];
}

/** A bridge on topics, a group and a task queue of its own; no worker polls there. */
export async function startTestBridge(
  given: Partial<BridgeDeps> & { temporalAddress?: string } = {},
): Promise<TestBridge> {
  const { temporalAddress = parts().temporalAddress, ...rest } = given;
  const resources = new AsyncDisposableStack();
  const { source, dlq } = await makeTopics(['source', 'dlq']);
  const { log, lines } = memoryLog();
  const telemetry = resources.use(startTelemetry({ serviceName: 'test' }));
  const connection = await NativeConnection.connect({ address: temporalAddress });
  resources.defer(() => connection.close());
  const [group, taskQueue] = [randomUUID(), randomUUID()];
  const bridge = await startBridge(
    {
      kafka: testKafka(),
      connection,
      namespace: 'default',
      taskQueue,
      plugin: temporalPlugin(telemetry),
      group,
      topic: source,
      deadLetterTopic: dlq,
      concurrency: 8,
      maxBacklog: 1_000,
      worker: undefined,
      mostUnderWay: 20,
      log,
      ...rest,
    },
    orders,
  );
  resources.use(bridge);
  const started = ({ duplicate } = { duplicate: false }) =>
    lines
      .filter((line) => line.msg === 'workflow started' && line.duplicate === duplicate)
      .map((line) => String(line.order_id));
  return {
    source,
    dlq,
    group,
    taskQueue,
    lines,
    connection,
    started,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

export function orderCreatedRecord(change: Record<string, unknown> = {}) {
  const id = newId();
  const body = {
    order_id: id,
    customer_email: 'ada@example.com',
    amount_cents: 4_200,
    currency: 'EUR',
    merchant_id: 'shop-7',
    items: [{ product_id: 'p', quantity: 1, unit_price_cents: 4_200 }],
    created_at: new Date().toISOString(),
    schema_version: 1,
    ...change,
  };
  return { id, key: id, value: JSON.stringify(body) };
}

/** The run of an order as Temporal has it. */
export async function describeRun(orderId: string) {
  const connection = await NativeConnection.connect({ address: parts().temporalAddress });
  try {
    return await new Client({ connection }).workflow.getHandle(orderWorkflowId(orderId)).describe();
  } finally {
    await connection.close();
  }
}

/** How many workflow tasks wait in the bridge's queue. */
export async function waitingTasks({ connection, taskQueue }: TestBridge): Promise<number> {
  const { stats } = await connection.workflowService.describeTaskQueue({
    namespace: 'default',
    taskQueue: { name: taskQueue },
    taskQueueType: 1, // temporal.api.enums.v1.TaskQueueType.WORKFLOW
    reportStats: true,
  });
  return Number(stats?.approximateBacklogCount ?? 0);
}
