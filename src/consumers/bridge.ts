import { Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import type { NativeConnection } from '@temporalio/worker';
import { runStarted } from '../facts-events.ts';
import type { KafkaClient } from '../platform/kafka.ts';
import type { Logger } from '../platform/logger.ts';
import { describeSpan } from '../platform/telemetry.ts';
import { type Consumption, type RunningConsumer, startConsumer } from './consume.ts';
import type { Begun, Domain } from './domains.ts';
import { idsOf } from './envelope.ts';
import type { ValueReader } from './formats/value-reader.ts';
import { createBacklogGauge } from './task-queue-backlog.ts';

export interface BridgeDeps {
  readonly kafka: KafkaClient;
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly plugin: OpenTelemetryPlugin;
  readonly group: string;
  readonly topic: string;
  readonly deadLetterTopic: string;
  readonly concurrency: number;
  /** Tasks that may wait in the queue before starts are held back. */
  readonly maxBacklog: number;
  /** Of a worker in the same process and on the same connection: a start then brings its first task along. */
  readonly worker: { readonly underWay?: () => number } | undefined;
  /** Tasks that this worker may be carrying out when another run is started. */
  readonly mostUnderWay: number;
  readonly retry?: Consumption['retry'];
  /** For records in Avro and Protobuf; undefined without a schema registry. */
  readonly readValue?: ValueReader | undefined;
  readonly log: Logger;
}

// Of one try: the native client repeats it for up to 10 s, less than the 15 s a member has between heartbeats.
const startDeadlineMs = 5_000;

/** Starts one workflow for each record that begins something, such as `order.created`, however often it is read. */
export function startBridge(deps: BridgeDeps, domain: Domain): Promise<RunningConsumer> {
  const { kafka, group, topic, deadLetterTopic, concurrency, retry, log } = deps;
  const client = new Client({
    connection: deps.connection,
    namespace: deps.namespace,
    plugins: [deps.plugin],
  });
  const backlog = createBacklogGauge(deps);
  const { subject } = domain;
  return startConsumer({
    kafka,
    group,
    subject,
    topics: [topic],
    deadLetterTopic,
    concurrency,
    ...(retry && { retry }),
    log,
    isBehind: async () => isBusy(deps) || (await backlog()) > deps.maxBacklog,
    handle: async (message, position) => {
      const { id, begin } = await domain.read(message, deps.readValue);
      const { eventId } = idsOf(message);
      describeSpan({ [`${subject}.id`]: id });
      const isNew = await startOnce(deps, client, begin(position));
      runStarted(log, { subject, id, eventId, topic, isNew });
    },
  });
}

/** What its own worker cannot take along at once becomes a task in the queue, which costs the server twice as much. */
function isBusy({ worker, mostUnderWay }: BridgeDeps): boolean {
  return (worker?.underWay?.() ?? 0) >= mostUnderWay;
}

/** False when its run exists already, open or closed: that is success, the record was read again. */
async function startOnce(
  { connection, taskQueue, worker }: BridgeDeps,
  client: Client,
  { workflowType, input, ...begun }: Begun,
): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + startDeadlineMs, () =>
      client.workflow.start(workflowType, {
        ...begun,
        taskQueue,
        args: [input],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        requestEagerStart: worker !== undefined,
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}
