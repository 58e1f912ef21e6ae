import { type Consumption, type RunningConsumer, startConsumer } from '../consumers/consume.ts';
import { RecordFailure } from '../consumers/faults.ts';
import type { ValueReader } from '../consumers/formats/value-reader.ts';
import { recordHandled } from '../facts-events.ts';
import { customerNotified } from '../facts-notifier.ts';
import { describeSpan } from '../platform/telemetry.ts';
import { isRefused } from '../store/pool.ts';
import { type DeduplicationDeps, openDeduplication } from './deduplication.ts';
import { readNotification } from './read-notification.ts';

export interface NotifierDeps extends DeduplicationDeps {
  readonly topic: string;
  readonly deadLetterTopic: string;
  readonly retry?: Consumption['retry'];
  /** For records in Avro and Protobuf; undefined without a schema registry. */
  readonly readValue?: ValueReader | undefined;
}

const concurrency = 8;

/** Tells customers what became of their orders, once for each event; an example of what consumes from outside. */
export async function startNotifier({
  topic,
  deadLetterTopic,
  retry,
  readValue,
  ...deps
}: NotifierDeps): Promise<RunningConsumer> {
  const { kafka, group, log } = deps;
  await using starting = new AsyncDisposableStack();
  const deduplication = starting.use(await openDeduplication(deps));
  const consumer = starting.use(
    await startConsumer({
      kafka,
      group,
      subject: 'order',
      topics: [topic],
      deadLetterTopic,
      concurrency,
      onAssigned: deduplication.assigned,
      isBehind: async () => false,
      handle: async (message, record) => {
        const notification = await readNotification(message, readValue);
        const { orderId, eventId } = notification;
        describeSpan({ 'order.id': orderId });
        const isNew = await deduplication.notifyOnce(notification, record).catch(asItsOwnFailure);
        customerNotified(log, { orderId, eventId, isNew });
        recordHandled(record.topic);
      },
      ...(retry && { retry }),
      log,
    }),
  );
  const running = starting.move();
  return {
    ...consumer,
    check: async () => {
      await consumer.check();
      await deduplication.check();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What Postgres refuses for what it is holds up no other record. */
function asItsOwnFailure(error: unknown): never {
  throw isRefused(error)
    ? new RecordFailure(`Postgres refuses it: ${error.message}`, { cause: error })
    : error;
}
