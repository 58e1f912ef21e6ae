import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import type { System } from '../acceptance/outside/system.ts';
import { freePort } from '../deploy/ports.ts';
import { eventually } from '../support/eventually.ts';
import { type Running, runProgram, startProgram } from '../support/program.ts';

const newOrder = { customer_email: 'buyer@example.com', amount_cents: 1_999 };
const withinMs = 60_000;

export function place({ api }: System, orders: number): Promise<string[]> {
  return Promise.all(Array.from({ length: orders }, async () => (await api.accept(newOrder)).id));
}

/** On every partition, so that it does not matter who has which. */
export function sendBrokenRecords({ events }: System): Promise<void> {
  const records = Array.from({ length: 6 }, (_, partition) => ({ key: null, value: 'no order', partition }));
  return events.produce('order.created', records);
}

/** The provider's book has a capture that nobody here knows of. */
export async function chargeForNobody({ addresses }: System): Promise<void> {
  const orderId = randomUUID();
  const answer = await fetch(`${addresses.payment}/v1/charges`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `order:${orderId}:charge` },
    body: JSON.stringify({ order_id: orderId, merchant_id: null, amount_cents: 500, currency: 'USD' }),
  });
  if (answer.status !== 201) throw new Error(`the charge was answered with ${answer.status}`);
}

/** An order that was charged is canceled, and the provider is away before it has given anything back. */
export async function loseProviderDuringRefund({ api, payments }: System): Promise<void> {
  // Long enough to be canceled in the middle of each call, short enough for its budget of 4 s.
  await payments.setFaults({ delay_ms: 3_000 });
  const { id } = await api.accept(newOrder);
  const until = (isSo: (order: Awaited<ReturnType<typeof api.get>>) => boolean) =>
    eventually(async () => {
      if (!isSo(await api.get(id))) throw new Error(`order ${id} is not that far`);
    }, withinMs);
  await until(({ status }) => status === 'processing');
  const canceled = api.cancel(id);
  await until(({ payment_state }) => payment_state === 'refunding');
  await payments.setFaults({ outage: true });
  const { status } = await canceled;
  if (status !== 202) throw new Error(`the cancel was answered with ${status}`);
}

export async function terminateRun({ api, runs }: System, orderId: string): Promise<void> {
  await eventually(async () => {
    const { status } = await api.get(orderId);
    if (status !== 'processing') throw new Error(`order ${orderId} is ${status}`);
    await runs.client.workflow.getHandle(`order-${orderId}`).terminate('by hand');
  }, withinMs);
}

export async function deleteTopic({ addresses }: System, topic: string): Promise<void> {
  const admin = new Kafka({ brokers: [...addresses.kafka], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await admin.deleteTopics({ topics: [topic] });
  } finally {
    await admin.disconnect();
  }
}

export async function makeTopics(system: System): Promise<void> {
  const { code, stderr } = await runProgram(['topics'], environmentOf(system));
  if (code !== 0) throw new Error(`the topics could not be made: ${stderr}`);
}

/** A bridge without a worker beside it, ready when this resolves. */
export async function startBridge(system: System): Promise<Running> {
  const port = await freePort();
  const program = startProgram(['bridge'], { ...environmentOf(system), METRICS_PORT: String(port) });
  await eventually(async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (answer?.status !== 200) throw new Error(`the bridge is not ready: ${program.output().slice(-500)}`);
  }, withinMs);
  return program;
}

/** Whoever wants to write to the table waits until this is disposed. */
export async function lockTable({ addresses }: System, table: string): Promise<AsyncDisposable> {
  const database = new Client({ connectionString: addresses.database });
  await database.connect();
  await database.query(`begin; lock table ${table} in access exclusive mode`);
  return { [Symbol.asyncDispose]: () => database.end() };
}

/** Asks for a new order five times a second, whatever the answers, until disposed. */
export function keepAsking({ api }: System): Disposable {
  const timer = setInterval(() => void api.post(newOrder).catch(() => undefined), 200);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function environmentOf({ addresses }: System): Record<string, string> {
  return {
    DATABASE_URL: addresses.database,
    KAFKA_BROKERS: addresses.kafka.join(','),
    TEMPORAL_ADDRESS: addresses.temporal,
  };
}
