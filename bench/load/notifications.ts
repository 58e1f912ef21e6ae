import { randomUUID } from 'node:crypto';
import { newId } from '../../src/core/id.ts';
import { type DeduplicationDeps, openDeduplication } from '../../src/notifier/deduplication.ts';
import { createKafka } from '../../src/platform/kafka.ts';
import { type Notification, notify } from '../../src/store/notifications.ts';
import { createPool } from '../../src/store/pool.ts';
import { silent } from '../../tests/support/log.ts';
import { serveLoad } from './serve.ts';

// What a deduplication store takes of an event, beside the effect by itself: one notification each, of an event that is new,
// or of one that has had its effect.

const { DATABASE_URL = '', KAFKA_BROKERS = '', REDIS_ADDR = '' } = process.env;
const pool = await createPool({
  url: DATABASE_URL,
  maxConnections: 25,
  maxIdleConnections: 25,
  maxConnectionAgeMs: 300_000,
});
const deps = {
  pool,
  redis: { address: REDIS_ADDR, password: undefined, database: 0 },
  kafka: createKafka({ brokers: KAFKA_BROKERS.split(','), clientId: 'bench', log: silent }),
  marksTopic: 'order.idempotency',
  group: 'bench',
  log: silent,
};

const processId = randomUUID();

const newNotification = (): Notification => ({
  eventId: randomUUID(),
  orderId: newId(),
  what: 'order.processed',
});

async function unitsOf(store: DeduplicationDeps['store']) {
  const deduplication = await openDeduplication({ ...deps, store });
  const told: Notification[] = [];
  let turn = 0;
  const tell = async (notification: Notification, expected: boolean) => {
    turn += 1;
    const record = { topic: 'order.processed', partition: turn % 6, offset: String(turn) };
    if ((await deduplication.notifyOnce(notification, record)) !== expected)
      throw new Error(`${store} takes a new event for an old one, or the other way round`);
  };
  return {
    [store]: async () => {
      const notification = newNotification();
      await tell(notification, true);
      told.push(notification);
    },
    [`${store} again`]: () => tell(told[turn % told.length] ?? newNotification(), false),
  };
}

serveLoad({
  bare: () => notify(pool, newNotification(), processId),
  ...(await unitsOf('postgres')),
  ...(await unitsOf('redis')),
  ...(await unitsOf('compacted-topic')),
  ...(await unitsOf('hybrid')),
});
