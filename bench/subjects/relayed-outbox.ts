import { toRecord } from '../../src/consumers/envelope.ts';
import { jsonEncoding } from '../../src/consumers/formats/encoding.ts';
import { startRelay } from '../../src/consumers/outbox-relay.ts';
import { newId } from '../../src/core/id.ts';
import { orderCreated } from '../../src/order/events.ts';
import { createKafka, type KafkaClient } from '../../src/platform/kafka.ts';
import { createPool } from '../../src/store/pool.ts';
import { type Database, openDatabase } from '../accept-api.ts';
import { countLines } from '../measure/count.ts';
import type { Measured } from '../measure/program.ts';
import { sampleOrder } from '../measure/sample-order.ts';
import { timed } from '../measure/timed.ts';
import type { System } from '../system.ts';

/** An outbox in a database of its own, whose relay runs in this process and sends to a topic of its own. */
export interface RelayedOutbox extends AsyncDisposable {
  readonly database: Database;
  readonly kafka: KafkaClient;
  readonly topic: string;
  /** So many rows committed at once, until the broker has acknowledged the last. */
  drain(rows: number): Promise<Measured>;
  /** Records as those rows make them. */
  records(howMany: number): ReturnType<typeof toRecord>[];
}

const event = orderCreated(sampleOrder);
const body = JSON.stringify(event.body);
const traceparent = `00-${sampleOrder.traceId}-b7ad6b7169203331-00`;

export async function openRelayedOutbox(system: System, name: string): Promise<RelayedOutbox> {
  await using opened = new AsyncDisposableStack();
  const database = await openDatabase(system, name);
  opened.defer(() => database.end());
  const topic = name.replaceAll('_', '.');
  await system.kafka.createTopics({ topics: [{ topic, numPartitions: 6 }], waitForLeaders: true });
  const pool = opened.use(
    await createPool({
      url: database.url,
      maxConnections: 25,
      maxIdleConnections: 5,
      maxConnectionAgeMs: 300_000,
    }),
  );
  const sent = countLines((_fields, message) => (message === 'event published' ? 1 : 0));
  const kafka = createKafka({
    brokers: [system.env.KAFKA_BROKERS ?? ''],
    clientId: 'bench',
    log: sent.log,
  });
  const topics = { 'order.created': topic };
  opened.use(await startRelay({ pool, databaseUrl: database.url, kafka, topics, log: sent.log }));
  const resources = opened.move();
  return {
    database,
    kafka,
    topic,
    drain: (rows) =>
      timed(rows, async () => {
        const all = sent.next(rows);
        await database.rows(
          `with added as (
             insert into outbox (event_id, type, key, body, traceparent, correlation_id, created_at)
             select gen_random_uuid(), 'order.created', gen_random_uuid()::text, $2, $3, $4, now()
             from generate_series(1, $1::int4)
           )
           select pg_notify('outbox', '')`,
          [rows, body, traceparent, sampleOrder.correlationId],
        );
        await all;
      }),
    records: (howMany) =>
      Array.from({ length: howMany }, (_, id) =>
        toRecord(
          {
            id,
            event_id: newId(),
            type: event.type,
            key: newId(),
            body,
            traceparent,
            correlation_id: sampleOrder.correlationId,
            created_at: event.time,
          },
          jsonEncoding(event.type),
        ),
      ),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
