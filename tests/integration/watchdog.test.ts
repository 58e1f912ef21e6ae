import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { newId } from '../../src/core/id.ts';
import { startWatchdog, type WatchdogDeps } from '../../src/keeper/watchdog.ts';
import { orderCanceled } from '../../src/order/events.ts';
import { renderMetrics } from '../../src/platform/metrics.ts';
import { createTemporalClient } from '../../src/platform/temporal-client.ts';
import { cancelOrder, moveOrder } from '../../src/store/moves.ts';
import { listStuck } from '../../src/store/stuck.ts';
import { orderWorkflowId, processOrderType } from '../../src/workflows/contract.ts';
import { databaseOfFile } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { memoryLog } from '../support/log.ts';
import { placed } from '../support/orders.ts';
import { parts } from '../support/parts.ts';
import { polling } from '../support/polling.ts';
import { type Link, startProxy } from '../support/proxy.ts';

const failing = new URL('../support/failing-workflow.ts', import.meta.url);
const woken = new URL('../support/woken-workflow.ts', import.meta.url);
const { database, pool } = await databaseOfFile();
const resources = new AsyncDisposableStack();
afterAll(() => resources.disposeAsync());

const connection = await Connection.connect({ address: parts().temporalAddress });
resources.defer(() => connection.close());
const client = new Client({ connection });

let proxy: Link;
let temporal: WatchdogDeps['temporal'];
let taskQueue: string;
beforeAll(async () => {
  const [host = '', port = ''] = parts().temporalAddress.split(':');
  proxy = resources.use(await startProxy({ host, port: Number(port) }));
  const connectionOptions = { address: `127.0.0.1:${proxy.port}` };
  temporal = resources.use(createTemporalClient({ temporal: { connectionOptions }, namespace: 'default' }));
});
beforeEach(async () => {
  taskQueue = randomUUID();
  await database.rows('delete from orders');
  await database.rows('delete from outbox');
  await database.rows('delete from stuck_orders');
});

function watch(given: Partial<WatchdogDeps> = {}) {
  const { log, lines } = memoryLog();
  const times = { everyMs: 100, listsEveryMs: 100, stuckMs: 60_000, unheardMs: 10_000 };
  const watchdog = startWatchdog({ pool, temporal, taskQueue, log, ...times, ...given });
  return { lines, [Symbol.asyncDispose]: () => watchdog[Symbol.asyncDispose]() };
}

const stuck = async () =>
  (await listStuck(pool, { limit: 100 })).map(({ orderId, reason }) => `${reason} ${orderId}`).sort();
const becomes = (expected: readonly string[], withinMs = 10_000) =>
  eventually(async () => expect(await stuck()).toEqual([...expected].sort()), withinMs);
/** Sent, and as it was two minutes ago. */
const settle = async (id: string, change = '') => {
  await database.rows('delete from outbox where key = $1', [id]);
  await database.rows(
    `update orders set updated_at = now() - interval '2 min', created_at = now() - interval '2 min'
     ${change} where id = $1`,
    [id],
  );
};
const startRun = (orderId: string) =>
  client.workflow.start(processOrderType, {
    workflowId: orderWorkflowId(orderId),
    taskQueue,
    args: [{ v: 1, orderId }],
  });

test('a system in order has no stuck orders', async () => {
  const order = await placed(pool);
  await settle(order.id);
  const run = await startRun(order.id);
  await placed(pool);
  const { lines, ...watchdog } = watch();
  await eventually(async () => {
    expect(await renderMetrics()).toMatch(/^stuck_orders\{reason="no_run"\} 0$/m);
  }, 5_000);
  await watchdog[Symbol.asyncDispose]();
  expect(await stuck()).toEqual([]);
  expect(lines.filter(({ level }) => level !== 'debug')).toEqual([]);
  await run.terminate();
});

test('an event that does not leave is stuck until it is sent, and each is told once', async () => {
  const { id } = await placed(pool);
  await database.rows(`update outbox set created_at = now() - interval '2 min' where key = $1`, [id]);
  await using watchdog = watch();
  await becomes([`event_unsent ${id}`]);
  // What a look has found is told, and counted, at its end.
  await eventually(async () => {
    expect(await renderMetrics()).toMatch(/^stuck_orders\{reason="event_unsent"\} 1$/m);
  }, 5_000);
  await database.rows('delete from outbox');
  await becomes([]);
  await eventually(async () => {
    const told = watchdog.lines.map(({ level, msg, order_id, reason }) => ({ level, msg, order_id, reason }));
    expect(told).toEqual([
      { level: 'warn', msg: 'order stuck', order_id: id, reason: 'event_unsent' },
      { level: 'info', msg: 'order no longer stuck', order_id: id, reason: 'event_unsent' },
    ]);
  }, 5_000);
});

test('an open order without a run is stuck, whether it had one or not, until one runs or it is final', async () => {
  const [never, terminated, running, young] = [
    await placed(pool),
    await placed(pool),
    await placed(pool),
    await placed(pool),
  ];
  for (const { id } of [never, terminated, running]) await settle(id, `, status = 'processing'`);
  await database.rows('delete from outbox where key = $1', [young.id]);
  const runs = [await startRun(terminated.id), await startRun(running.id)];
  await runs[0]?.terminate();
  await using watchdog = watch();
  await becomes([`no_run ${never.id}`, `no_run ${terminated.id}`]);
  const details = (await listStuck(pool, { limit: 10 })).map(({ detail }) => detail.run);
  expect(details.sort()).toEqual(['terminated', 'unknown']);

  runs.push(await startRun(never.id));
  await settle(terminated.id, `, status = 'failed'`);
  await becomes([]);
  expect(watchdog.lines.filter(({ msg }) => msg === 'order stuck')).toHaveLength(2);
  await Promise.all(runs.slice(1).map((run) => run.terminate()));
});

test('more open orders than one look asks for are all looked at, and those without a run found', async () => {
  const many = 250;
  await Promise.all(Array.from({ length: many }, () => placed(pool)));
  await database.rows('delete from outbox');
  await database.rows(`update orders set updated_at = now() - interval '2 min'`);
  await using _ = watch();
  await eventually(async () => {
    expect(await database.rows('select from stuck_orders')).toHaveLength(many);
  }, 10_000);
});

test('a run without an order is stuck, and one whose order is final, until they are closed', async () => {
  const order = await placed(pool);
  await settle(order.id, `, status = 'completed'`);
  const runs = [await startRun(order.id), await startRun(newId())];
  const ids = runs.map(({ workflowId }) => workflowId.slice('order-'.length));
  await using _ = watch({ stuckMs: 1_000 });
  await becomes(ids.map((id) => `no_order ${id}`));
  await Promise.all(runs.map((run) => run.terminate()));
  await becomes([]);
});

test('a run whose tasks keep failing is stuck until they succeed', async () => {
  const order = await placed(pool);
  await database.rows('delete from outbox');
  const run = await startRun(order.id);
  await using _ = watch();
  await polling(taskQueue, failing, () => becomes([`task_failing ${order.id}`], 40_000));
  await run.terminate();
  await becomes([]);
}, 60_000);

test('a refund that failed is stuck, with its error, until the order has ended', async () => {
  const { id } = await placed(pool);
  await moveOrder(pool, { orderId: id, from: 'pending', to: 'processing' });
  await database.rows('delete from outbox');
  await database.rows(
    `update orders set fail_requested = 'x', payment_state = 'refund_failed' where id = $1`,
    [id],
  );
  await database.rows(`insert into failed_attempts values ($1, 'refund', 5, 'no answer', now(), null)`, [id]);
  await using _ = watch();
  await becomes([`refund_failed ${id}`]);
  expect(await listStuck(pool, { limit: 1 })).toMatchObject([{ detail: { error: 'no answer' } }]);
  await settle(id, `, status = 'failed', payment_state = 'refunded'`);
  await becomes([]);
});

test('a cancel that is not heard wakes the run after 10 s, once, and is stuck after a minute', async () => {
  const order = await placed(pool);
  await moveOrder(pool, { orderId: order.id, from: 'pending', to: 'processing' });
  const event = orderCanceled({ ...order, orderId: order.id }, new Date());
  await cancelOrder(pool, { orderId: order.id, event, traceparent: null });
  const marked = (ago: string) =>
    database.rows(`update orders set cancel_requested_at = now() - $2::interval where id = $1`, [
      order.id,
      ago,
    ]);
  const run = await startRun(order.id);
  await polling(taskQueue, woken, async () => {
    await using _ = watch();
    await oneMoreLook();
    expect(await run.query('woken')).toBe(0);
    await marked('30 s');
    await eventually(async () => expect(await run.query('woken')).toBe(1), 10_000);
    await oneMoreLook();
    expect([await run.query('woken'), await stuck()]).toEqual([1, []]);
    await marked('2 min');
    await becomes([`cancel_waiting ${order.id}`]);
    await settle(order.id, `, status = 'canceled'`);
    await becomes([]);
  });
  await run.terminate();
});

/** Two looks have ended for certain when what the second must find was found and is over. */
async function oneMoreLook(): Promise<void> {
  await database.rows('delete from outbox');
  const { id } = await placed(pool);
  await database.rows(`update outbox set created_at = now() - interval '2 min'`);
  await becomes([`event_unsent ${id}`]);
  await database.rows('delete from outbox');
  await becomes([]);
}

test('an operator’s failure that does not come true is stuck, too', async () => {
  const order = await placed(pool);
  await database.rows(
    `update orders set status = 'processing', fail_requested = 'operator', updated_at = now() - interval '2 min' where id = $1`,
    [order.id],
  );
  await using _ = watch();
  await eventually(async () => expect(await stuck()).toContain(`failure_waiting ${order.id}`), 10_000);
  await settle(order.id, `, status = 'failed'`);
  await eventually(async () => expect(await stuck()).not.toContain(`failure_waiting ${order.id}`), 10_000);
});

test('while Temporal is away nothing becomes stuck for it, what Postgres knows is found, and one line says so', async () => {
  const [waiting, unsent] = [await placed(pool), await placed(pool)];
  await settle(waiting.id);
  await proxy.cut();
  const { lines, ...watchdog } = watch();
  await eventually(async () => expect(lines).toHaveLength(1), 10_000);
  await database.rows(`update outbox set created_at = now() - interval '2 min' where key = $1`, [unsent.id]);
  await becomes([`event_unsent ${unsent.id}`], 15_000);
  expect(lines.filter(({ msg }) => msg === 'not all looked at that may be stuck')).toHaveLength(1);
  await proxy.heal();
  await becomes([`event_unsent ${unsent.id}`, `no_run ${waiting.id}`], 20_000);
  await watchdog[Symbol.asyncDispose]();
}, 60_000);
