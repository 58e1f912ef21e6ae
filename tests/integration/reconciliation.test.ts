import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { newId } from '../../src/core/id.ts';
import { type ReconcilerDeps, startReconciler } from '../../src/keeper/reconciler.ts';
import { openLedger } from '../../src/payment/ledger.ts';
import { startService } from '../../src/payment/service.fixture.ts';
import { createTemporalClient } from '../../src/platform/temporal-client.ts';
import {
  countDifferences,
  type Difference,
  type Reconciliation,
  readReconciliations,
  requestReconciliation,
} from '../../src/store/reconciliations.ts';
import { orderWorkflowId, processOrderType } from '../../src/workflows/contract.ts';
import { databaseOfFile } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { makeTopics, send, testKafka } from '../support/kafka.ts';
import { memoryLog } from '../support/log.ts';
import { parts } from '../support/parts.ts';

const { database, pool } = await databaseOfFile();
const resources = new AsyncDisposableStack();
afterAll(() => resources.disposeAsync());

const connection = await Connection.connect({ address: parts().temporalAddress });
resources.defer(() => connection.close());
const client = new Client({ connection });
const temporal = resources.use(
  createTemporalClient({
    temporal: { connectionOptions: { address: parts().temporalAddress } },
    namespace: 'default',
  }),
);
const folder = mkdtempSync(join(tmpdir(), 'reconciliation-'));
resources.defer(() => rmSync(folder, { recursive: true }));

type Type = 'created' | 'processed' | 'failed' | 'canceled';

interface Planted {
  readonly id?: string;
  /** null: there is no such order. */
  readonly status: string | null;
  readonly paymentState?: string;
  readonly captures?: readonly number[];
  readonly refunds?: readonly number[];
  readonly events?: readonly Type[];
  readonly isYoung?: boolean;
  readonly isPosted?: boolean;
}

/** All sides, empty, and what a test plants on them. */
async function newSides() {
  await database.rows('truncate orders, transactions, outbox, reconciliations');
  const file = join(folder, `${randomUUID()}.sqlite`);
  const service = resources.use(await startService(file));
  const words = ['created', 'processed', 'failed', 'canceled'] as const;
  const topics = await makeTopics(
    [...words, 'transactionCreated', 'transactionProcessed', 'transactionFailed'],
    { partitions: 3 },
  );
  const taskQueue = randomUUID();
  const { log, lines } = memoryLog();
  const deps: ReconcilerDeps = {
    pool,
    temporal,
    taskQueue,
    kafka: testKafka(),
    topics: {
      'order.created': topics.created,
      'order.processed': topics.processed,
      'order.failed': topics.failed,
      'order.canceled': topics.canceled,
      'transaction.created': topics.transactionCreated,
      'transaction.processed': topics.transactionProcessed,
      'transaction.failed': topics.transactionFailed,
    },
    paymentUrl: service.url,
    settledMs: 60_000,
    everyMs: 100,
    log,
  };

  async function plant(planted: readonly Planted[]): Promise<string[]> {
    const given = planted.map((one) => ({ ...one, id: one.id ?? newId() }));
    await database.rows(
      `insert into orders (id, owner, amount_cents, currency, status, payment_state, created_at, updated_at)
       select *, now() - interval '1 h', now() - interval '2 min' from
       unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[])`,
      columns(
        given
          .filter(({ status }) => status !== null)
          .map(({ id, status, paymentState = 'none' }) => [id, 'ada', 4_200, 'EUR', status, paymentState]),
      ),
    );
    await database.rows('update orders set updated_at = now() where id = any($1)', [
      given.filter(({ isYoung }) => isYoung).map(({ id }) => id),
    ]);
    await post(
      given.filter(({ status, isPosted }) => status !== null && isPosted !== false).map(({ id }) => id),
    );
    keepBook(file, given);
    for (const type of words) {
      const messages = given
        .filter(({ events }) => events?.includes(type))
        .map(({ id }) => ({ key: id, value: '{}', headers: { ce_id: `${id} ${type}` } }));
      for (let at = 0; at < messages.length; at += 2_000)
        await send(topics[type], messages.slice(at, at + 2_000));
    }
    return given.map(({ id }) => id);
  }

  return { deps, lines, topics, taskQueue, plant };
}

const columns = (rows: readonly unknown[][]) => [0, 1, 2, 3, 4, 5].map((at) => rows.map((row) => row[at]));

/** As the moves that ended them would have. */
async function post(orderIds: readonly string[]): Promise<void> {
  await database.rows(
    `insert into entries (subject_id, kind, account, currency, amount_cents, at)
     select id, kind, account, currency, sign * amount_cents, updated_at
     from orders, (values
       ('capture', 'house:provider', -1), ('capture', 'house:sales', 1),
       ('refund', 'house:provider', 1), ('refund', 'house:sales', -1)
     ) as line (kind, account, sign)
     where id = any($1) and (payment_state = 'refunded' or status = 'completed' and kind = 'capture')`,
    [orderIds],
  );
}

/** As the provider would have written it; it would not write all of this. */
function keepBook(file: string, planted: readonly (Planted & { id: string })[]): void {
  using ledger = openLedger(file);
  ledger.transaction(() => {
    const other = newId();
    const entry = (orderId: string, amountCents: number) => ({
      id: randomUUID(),
      key: randomUUID(),
      fingerprint: '',
      orderId,
      chargeId: null,
      merchantId: null,
      amountCents,
      currency: 'EUR',
    });
    for (const { id, captures = [], refunds = [] } of planted) {
      const charged = captures.map((cents) => ledger.append({ ...entry(id, cents), kind: 'capture' }));
      for (const cents of refunds) {
        const { id: chargeId } = charged[0] ?? ledger.append({ ...entry(other, cents), kind: 'capture' });
        ledger.append({ ...entry(id, cents), kind: 'refund', chargeId });
      }
    }
  });
}

async function reconciled(deps: ReconcilerDeps, withinMs = 25_000): Promise<Reconciliation> {
  const { reconciliation } = await requestReconciliation(pool, { id: randomUUID(), caller: 'ops' });
  await using _ = startReconciler(deps);
  // Not the promise itself: the reconciler would be gone before it is kept.
  return await eventually(async () => {
    const { finished, open } = await readReconciliations(pool);
    if (finished?.id !== reconciliation.id)
      throw new Error(`not reconciled: ${open?.last_error ?? 'not yet'}`);
    return finished;
  }, withinMs);
}

const good: Planted[] = [
  { status: 'completed', paymentState: 'captured', captures: [4_200], events: ['created', 'processed'] },
  { status: 'failed', events: ['created', 'failed'] },
  {
    status: 'canceled',
    paymentState: 'refunded',
    captures: [4_200],
    refunds: [4_200],
    events: ['created', 'canceled'],
  },
];
const kindsOf = ({ differences }: Reconciliation, ids: readonly string[]) =>
  (differences ?? [])
    .map((one) => `${ids.indexOf('order_id' in one ? one.order_id : one.transaction_id)} ${one.kind}`)
    .sort();

test('a system in order has no differences, and is counted', async () => {
  const { deps, lines, plant } = await newSides();
  await plant(good);
  expect(await countDifferences(pool)).toBeUndefined();
  const report = await reconciled(deps);
  expect(await countDifferences(pool)).toBe(0);
  expect(report).toMatchObject({
    counts: { orders: 3, captures: 2, refunds: 1, runs: 0, events: 6 },
    differences: [],
    differences_total: 0,
  });
  expect(lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual(['info sides agree']);
  expect(await database.rows('select from reconciliation_facts')).toEqual([]);
});

test('what the ledger says of an order, or leaves out, is a difference', async () => {
  const { deps, plant } = await newSides();
  const ids = await plant([
    ...good.map((one) => ({ ...one, isPosted: false })),
    { status: 'failed', events: ['created', 'failed'] },
  ]);
  await database.rows(
    `insert into entries values
       ($1, 'capture', 'house:provider', 'EUR', -1, now()), ($1, 'capture', 'house:sales', 'EUR', 1, now())`,
    [ids[3]],
  );
  expect(kindsOf(await reconciled(deps), ids)).toEqual([
    '0 posting_missing',
    '2 posting_missing',
    '3 posting_unexpected',
  ]);
});

test('transactions are compared with their runs, events and entries', async () => {
  const { deps, topics, plant } = await newSides();
  await plant(good);
  const [settled, unposted, waiting, unknown] = Array.from({ length: 4 }, newId);
  const account = newId();
  await database.rows(
    `insert into transactions (id, owner, account_id, type, amount_cents, currency, status, created_at, updated_at)
     select *, now() - interval '1 h', now() - interval '2 min' from unnest(
       $1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::text[])`,
    [
      [settled, unposted, waiting],
      ['ada', 'ada', 'ada'],
      [account, account, account],
      ['CREDIT', 'CREDIT', 'DEBIT'],
      [100, 100, 100],
      ['EUR', 'EUR', 'EUR'],
      ['PROCESSED', 'PROCESSED', 'PROCESSING'],
    ],
  );
  await database.rows(
    `insert into entries values
       ($1, 'transaction', 'house:funding', 'EUR', -100, now()),
       ($1, 'transaction', $2, 'EUR', 100, now())`,
    [settled, `customer:${account}`],
  );
  const event = (key = '', type = '') => ({ key, value: '{}', headers: { ce_id: `${key} ${type}` } });
  await send(
    topics.transactionCreated,
    [settled, unposted, waiting, unknown].map((id) => event(id, 'created')),
  );
  await send(topics.transactionProcessed, [event(settled, 'processed')]);
  const report = await reconciled(deps);
  expect(report.counts).toMatchObject({ orders: 3, transactions: 3 });
  expect(kindsOf(report, [settled, unposted, waiting, unknown].map(String))).toEqual([
    '1 posting_missing',
    '1 terminal_event_missing',
    '2 no_run',
    '3 event_of_unknown_transaction',
  ]);
});

test('an event that has not left the outbox is not missed; what changed within the last minute is left out', async () => {
  const { deps, plant } = await newSides();
  const completed = { status: 'completed', paymentState: 'captured', captures: [4_200] };
  const [id] = await plant([
    { ...completed, events: ['created'] },
    { status: 'completed', isYoung: true },
  ]);
  await database.rows(
    `insert into outbox (event_id, type, key, body, created_at) values ($1, 'order.processed', $2, '{}', now())`,
    [randomUUID(), id],
  );
  expect(await reconciled(deps)).toMatchObject({ differences: [], counts: { orders: 1 } });
});

test('an event that was sent twice is one event', async () => {
  const { deps, topics, plant } = await newSides();
  const [id = ''] = await plant(good.slice(0, 1));
  await send(topics.processed, [{ key: id, value: '{}', headers: { ce_id: `${id} processed` } }]);
  await send(topics.processed, [{ key: null, value: 'x' }]);
  expect(await reconciled(deps)).toMatchObject({ differences: [] });
});

test('each difference is named', async () => {
  const { deps, taskQueue, plant } = await newSides();
  const [completed] = good;
  const ids = await plant([
    { ...completed, status: 'completed', captures: [4_200, 4_200] },
    { ...completed, status: 'completed', captures: [4_201] },
    { ...completed, status: 'completed', captures: [] },
    { status: 'canceled', captures: [4_200], events: ['created', 'canceled'] },
    { status: 'failed', refunds: [100], paymentState: 'refunded', events: ['created', 'failed'] },
    { status: 'processing', captures: [4_200], events: ['created'] },
    { ...completed, status: 'completed', events: ['created'] },
    { ...completed, status: 'completed', events: ['created', 'processed', 'failed'] },
    { ...completed, status: 'completed' },
    { status: null, captures: [100] },
    { status: null, events: ['created'] },
    { status: null },
    { id: 'no-uuid', status: null, captures: [100] },
    // Somebody else's record, which Postgres could not hold as it is.
    { id: 'x\0y', status: null, events: ['created'] },
  ]);
  const runs = await Promise.all(
    [8, 11].map((at) =>
      client.workflow.start(processOrderType, {
        workflowId: orderWorkflowId(ids[at] ?? ''),
        taskQueue,
        args: [],
      }),
    ),
  );
  await eventually(async () => {
    const { count } = await client.workflow.count(`TaskQueue="${taskQueue}"`);
    expect(count).toBe(2);
  }, 10_000);
  const report = await reconciled(deps);
  expect(kindsOf(report, ids).filter((one) => !one.startsWith('-1'))).toEqual(
    [
      '0 captured_twice',
      '1 amount_differs',
      '2 completed_without_capture',
      '3 capture_not_refunded',
      '4 refund_without_capture',
      '5 no_run',
      '6 terminal_event_missing',
      '7 two_terminal_events',
      '8 run_still_open',
      '9 capture_without_order',
      '10 event_of_unknown_order',
      '11 run_without_order',
      '12 capture_without_order',
    ].sort(),
  );
  await Promise.all(runs.map((run) => run.terminate()));
});

test('while a side is away it says why, and goes on when the side is back', async () => {
  const { deps, plant } = await newSides();
  await plant(good);
  await requestReconciliation(pool, { id: randomUUID(), caller: 'ops' });
  const away = startReconciler({ ...deps, paymentUrl: 'http://127.0.0.1:9' });
  await eventually(async () => {
    const { open } = await readReconciliations(pool);
    expect(open).toMatchObject({ started_at: null, last_error: expect.any(String) });
  }, 10_000);
  await away[Symbol.asyncDispose]();
  // Its pause is half a minute.
  await database.rows('update reconciliations set leased_until = now()');
  expect(await reconciled(deps)).toMatchObject({ last_error: null, differences: [] });
});

test('20,000 orders are compared with what fits in little memory; of 1,500 differences the first 1,000 are named', async () => {
  const { deps, plant } = await newSides();
  const [completed] = good;
  const whole = { ...completed, status: 'completed' };
  await plant(Array.from({ length: 18_500 }, () => whole));
  await plant(Array.from({ length: 1_500 }, () => ({ ...whole, captures: [] })));
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const started = performance.now();
  const report = await reconciled(deps, 60_000);
  const grown: Difference[] = report.differences ?? [];
  expect(report.counts).toMatchObject({ orders: 20_000, captures: 18_500, events: 40_000 });
  expect([grown.length, report.differences_total]).toEqual([1_000, 1_500]);
  expect(await countDifferences(pool)).toBe(1_500);
  expect(performance.now() - started).toBeLessThan(30_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
}, 120_000);
