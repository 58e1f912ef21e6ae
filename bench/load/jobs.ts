import { randomUUID } from 'node:crypto';
import { Logger, run } from 'graphile-worker';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { newId } from '../../src/core/id.ts';
import { orderProcessed } from '../../src/order/events.ts';
import { createPaymentClient } from '../../src/payment/client.ts';
import { moveOrder } from '../../src/store/moves.ts';
import { createPool } from '../../src/store/pool.ts';
import { samplePlacement, valuesOf } from '../measure/sample-order.ts';
import { serveLoad } from './serve.ts';

// The same order on a job queue in Postgres, for those who would choose one: accept and job in one transaction, then begin,
// charge and complete with the product's own statements and payment client. No HTTP API, no Kafka, no Temporal.

const { DATABASE_URL = '', PAYMENT_URL = '', ENGINE = '' } = process.env;
const concurrency = 10;
const connections = new pg.Pool({ connectionString: DATABASE_URL, max: 25, idleTimeoutMillis: 0 });
const pool = await createPool({
  url: DATABASE_URL,
  maxConnections: 25,
  maxIdleConnections: 25,
  maxConnectionAgeMs: 300_000,
});
const payment = createPaymentClient({ url: PAYMENT_URL });
const waiting = new Map<string, () => void>();
const { text, values: sample } = await samplePlacement();

const engines: Readonly<
  Record<string, () => Promise<(client: pg.PoolClient, orderId: string) => Promise<unknown>>>
> = {
  graphile: async () => {
    await run({
      pgPool: connections,
      concurrency,
      noHandleSignals: true,
      // A line on the console for each job would be measured along.
      logger: new Logger(() => () => {}),
      taskList: { order: (payload) => carryOut((payload as { orderId: string }).orderId) },
    });
    return (client, orderId) =>
      client.query({
        name: 'job',
        text: `select graphile_worker.add_job('order', json_build_object('orderId', $1::text))`,
        values: [orderId],
      });
  },
  pgboss: async () => {
    const boss = new PgBoss({ connectionString: DATABASE_URL, max: 25 });
    boss.on('error', (error) => process.stderr.write(`pg-boss: ${error}\n`));
    await boss.start();
    await boss.createQueue('order');
    await boss.work<{ orderId: string }>(
      'order',
      { batchSize: concurrency, pollingIntervalSeconds: 0.5, localConcurrency: 2, burstWhenBatchFull: true },
      async (jobs) => void (await Promise.all(jobs.map(({ data }) => carryOut(data.orderId)))),
    );
    return (client, orderId) =>
      boss.send('order', { orderId }, { db: { executeSql: (sql, values) => client.query(sql, values) } });
  },
};
const addJob = await engines[ENGINE]?.();
if (addJob === undefined) throw new Error(`ENGINE=${ENGINE} is none of ${Object.keys(engines).join(', ')}`);

serveLoad({
  order: async () => {
    const orderId = newId();
    const ended = new Promise<void>((resolve) => waiting.set(orderId, resolve));
    await accept(orderId);
    await ended;
  },
});

async function accept(orderId: string): Promise<void> {
  const key = randomUUID();
  const values = valuesOf(sample, orderId, key);
  const client = await connections.connect();
  try {
    await client.query('begin');
    await client.query({ name: 'accept', text, values });
    await addJob?.(client, orderId);
    await client.query('commit');
  } finally {
    client.release();
  }
}

async function carryOut(orderId: string): Promise<void> {
  const begun = await moveOrder(pool, { orderId, from: 'pending', to: 'processing' });
  if (begun.outcome === 'no_such_order' || begun.outcome === 'refused')
    throw new Error(`${orderId}: ${begun.outcome}`);
  const { amountCents, currency, merchantId } = begun.order;
  const order = { orderId, amountCents, currency, merchantId };
  const charge = await payment.charge(
    { key: `order:${orderId}:charge`, ...order },
    new AbortController().signal,
  );
  if (charge.outcome !== 'captured') throw new Error(`${orderId}: ${charge.reason}`);
  const event = orderProcessed({ ...order, paymentId: charge.chargeId }, new Date());
  await moveOrder(pool, { orderId, from: 'processing', to: 'completed', paymentState: 'captured', event });
  waiting.get(orderId)?.();
  waiting.delete(orderId);
}
