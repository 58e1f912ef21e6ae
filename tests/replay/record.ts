// Records the histories anew: `node tests/replay/record.ts`. Needed with every change of the workflow's commands,
// beside the old ones for as long as runs of the old code may be open.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { startStack } from '../../stack/stack.ts';
import { createLedger, type NewTransaction } from '../acceptance/outside/ledger.ts';
import { workflowIdOf } from '../acceptance/outside/runs.ts';
import { openSystem, type System } from '../acceptance/outside/system.ts';
import { eventually } from '../support/eventually.ts';
import { nothingGiven, removeHome, temporaryHome } from '../support/own-stack.ts';
import { withPoison } from '../support/poison.ts';
import { saveHistory } from './histories.ts';
import { type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts';

const newOrder = { customer_email: 'recorded@example.com', amount_cents: 4_200 };

// The ways that differ in what the provider answers, by merchant.
const merchants: Readonly<Record<string, string>> = {
  completed: 'well',
  declined: 'declined',
  'retried-charge': 'flaky',
  'gave-up-none': 'silent',
  'gave-up-captured': 'late',
};

const canceledWhileCharging = { 'canceled-captured': 'slow', 'refund-retried': 'reluctant' };

const home = temporaryHome();
try {
  await record();
} finally {
  removeHome(home);
}

async function record(): Promise<void> {
  await using provider = await startScriptedProvider();
  const env = {
    ...nothingGiven,
    PAYMENT_URL: provider.url,
    // Two tries of a charge, then it is given up.
    PAYMENT_GIVE_UP_AFTER: '2s',
    // One try each, and time for the slow one: a second try within an attempt is not in the history.
    PAYMENT_BUDGET: '4s',
    RETRY_MAX_ATTEMPTS: '1',
    CIRCUIT_BREAKER_FAILURES: '1000',
  };
  await using stack = await startStack({ home, ports: 'free', env });
  await using system = await openSystem({ ...stack.env, PAYMENT_URL: provider.url });

  for (const [way, merchantId] of Object.entries(merchants)) {
    const { id } = await system.api.accept({ ...newOrder, merchant_id: merchantId });
    await save(system, way, id);
  }
  await save(system, 'already-final', await cancelWhilePending(system));
  for (const [way, merchantId] of Object.entries(canceledWhileCharging))
    await save(system, way, await cancelWhileCharging(system, provider, merchantId));
  await save(system, 'canceled-unknown', await cancelWhileUnknown(system));
  await save(system, 'canceled-run', await cancelRunWhileCharging(system, provider));
  await save(system, 'canceled-run-too-late', await cancelRunWhileCompleting(system, provider));
  await save(system, 'woken-in-vain', await wakeWhileCharging(system, provider));
  await save(system, 'failed-refunded', await failWhileCharging(system, provider));
  await save(system, 'order-not-found', await forgeOrder(system));
  await recordTransactions(system);
}

async function save(system: System, way: string, orderId: string): Promise<void> {
  await saveRun(system, way, workflowIdOf(orderId));
}

async function saveRun(system: System, way: string, workflowId: string): Promise<void> {
  await eventually(async () => {
    const { status } = await system.runs.client.workflow.getHandle(workflowId).describe();
    if (status.name === 'RUNNING') throw new Error(`${workflowId} (${way}) does not end`);
  }, 30_000);
  const { temporal: address, temporalCli = 'temporal' } = system.addresses;
  // The SDK's own historyToJSON fails in 1.23.0 ("type must be a Type").
  const show = ['workflow', 'show', '--workflow-id', workflowId, '--output', 'json'];
  const { stdout } = await promisify(execFile)(temporalCli, [...show, '--address', address]);
  process.stdout.write(`${saveHistory(way, stdout)}\n`);
}

async function recordTransactions(system: System): Promise<void> {
  const ledger = createLedger(system.api);
  const { id: account_id } = await ledger.open();
  const settle = async (way: string, transaction: Pick<NewTransaction, 'type' | 'amount_cents'>) => {
    const { id } = await ledger.accept({ account_id, ...transaction });
    await ledger.untilSettled(id, 60_000);
    await saveRun(system, way, transactionRun(id));
    return id;
  };
  const id = await settle('transaction-processed', { type: 'CREDIT', amount_cents: 100 });
  await settle('transaction-failed', { type: 'DEBIT', amount_cents: 101 });
  await withPoison(system.addresses.database, () =>
    settle('transaction-dead', { type: 'CREDIT', amount_cents: 100 }),
  );
  await system.runs.forget(transactionRun(id));
  await system.events.repeat('transaction.created', id);
  await saveRun(system, 'transaction-settled', transactionRun(id));
  const unknown = randomUUID();
  const body = {
    transaction_id: unknown,
    type: 'DEBIT',
    amount_cents: 1,
    currency: 'USD',
    schema_version: 1,
  };
  await system.events.produce('transaction.created', [{ key: unknown, value: JSON.stringify(body) }]);
  await saveRun(system, 'transaction-not-found', transactionRun(unknown));
}

function transactionRun(id: string): string {
  return `transaction-${id}`;
}

async function cancelWhilePending({ stack, api }: System): Promise<string> {
  await stack.kill('worker', 'SIGSTOP');
  const { id } = await api.accept(newOrder);
  await api.cancel(id);
  await stack.kill('worker', 'SIGCONT');
  return id;
}

async function cancelWhileCharging(
  { api }: System,
  provider: ScriptedProvider,
  merchantId: string,
): Promise<string> {
  const { id } = await api.accept({ ...newOrder, merchant_id: merchantId });
  await provider.untilCharging(id);
  const canceled = api.cancel(id);
  await untilMarked(api, id);
  provider.release(id);
  await canceled;
  return id;
}

async function cancelWhileUnknown({ api }: System): Promise<string> {
  const { id } = await api.accept({ ...newOrder, merchant_id: 'silent' });
  await eventually(async () => {
    if ((await api.get(id)).payment_state !== 'unknown') throw new Error(`the outcome of ${id} is known`);
  }, 10_000);
  await api.cancel(id);
  return id;
}

async function cancelRunWhileCharging({ api, runs }: System, provider: ScriptedProvider): Promise<string> {
  const { id } = await api.accept({ ...newOrder, merchant_id: 'slow' });
  await provider.untilCharging(id);
  await runs.client.workflow.getHandle(workflowIdOf(id)).cancel();
  await untilMarked(api, id);
  provider.release(id);
  return id;
}

async function cancelRunWhileCompleting(
  { addresses, api, runs }: System,
  provider: ScriptedProvider,
): Promise<string> {
  const { id } = await api.accept({ ...newOrder, merchant_id: 'slow' });
  await provider.untilCharging(id);
  const database = new Client({ connectionString: addresses.database });
  await database.connect();
  try {
    await database.query('begin');
    await database.query('select from orders where id = $1 for update', [id]);
    provider.release(id);
    await eventually(async () => {
      const waiting = 'select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))';
      if ((await database.query(waiting)).rowCount === 0) throw new Error(`${id} is not being completed`);
    }, 10_000);
    // It is in the history only with the end of the task that completes the order.
    await runs.client.workflow.getHandle(workflowIdOf(id)).cancel();
    await database.query('commit');
  } finally {
    await database.end();
  }
  return id;
}

async function wakeWhileCharging({ api, runs }: System, provider: ScriptedProvider): Promise<string> {
  const { id } = await api.accept({ ...newOrder, merchant_id: 'slow' });
  await provider.untilCharging(id);
  const isStopped = await runs.client.workflow.getHandle(workflowIdOf(id)).executeUpdate('wake');
  if (isStopped !== false) throw new Error(`${id} was stopped, which nobody asked for`);
  provider.release(id);
  return id;
}

async function failWhileCharging({ api }: System, provider: ScriptedProvider): Promise<string> {
  const { id } = await api.accept({ ...newOrder, merchant_id: 'slow' });
  await provider.untilCharging(id);
  const failed = api.request(`/v1/admin/orders/${id}/fail-and-refund`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'the shop has closed' }),
  });
  await eventually(async () => {
    const { items } = JSON.parse((await api.request(`/v1/orders/${id}/timeline`)).text);
    if (!JSON.stringify(items).includes('the shop has closed'))
      throw new Error(`${id} is not to be failed yet`);
  }, 10_000);
  provider.release(id);
  await failed;
  return id;
}

async function untilMarked(api: System['api'], id: string): Promise<void> {
  await eventually(async () => {
    if ((await api.get(id)).cancel_requested_at === null) throw new Error(`${id} is not to be canceled yet`);
  }, 10_000);
}

async function forgeOrder({ events }: System): Promise<string> {
  const id = randomUUID();
  const body = {
    order_id: id,
    amount_cents: 1,
    currency: 'USD',
    merchant_id: null,
    items: [],
    schema_version: 1,
  };
  await events.produce('order.created', [{ key: id, value: JSON.stringify(body) }]);
  return id;
}
