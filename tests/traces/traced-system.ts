import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Api, createApi } from '../acceptance/outside/api.ts';
import { setFaults } from '../acceptance/outside/payments.ts';
import { freePort } from '../deploy/ports.ts';
import { freshDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { makeTopics } from '../support/kafka.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { parts } from '../support/parts.ts';
import { runProgram, startProgram } from '../support/program.ts';

export interface TracedSystem extends AsyncDisposable {
  readonly api: Api;
  readonly url: string;
  readonly receiver: OtlpReceiver;
  readonly topics: Readonly<Record<'created' | 'processed' | 'failed' | 'canceled' | 'dlq', string>>;
  setFaults(faults?: Readonly<Record<string, unknown>>): Promise<void>;
  /** The system runs without it until then. */
  startRelay(): Promise<void>;
}

const words = [
  'created',
  'processed',
  'failed',
  'canceled',
  'retry',
  'dlq',
  'transaction',
  'transactions-dlq',
] as const;
const processes = { api: ['api'], payment: ['payment'], worker: ['bridge', 'worker'] };

async function command(word: string, env: Record<string, string>): Promise<void> {
  const { code, stderr } = await runProgram([word], env);
  if (code !== 0) throw new Error(`${word}: ${stderr}`);
}

/** The roles as they are run, on the test stack's parts but with data of their own; every trace is recorded and sent to `receiver`. */
export async function startTracedSystem(): Promise<TracedSystem> {
  const resources = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'traces-'));
  resources.defer(() => rmSync(folder, { recursive: true }));
  const receiver = resources.use(await startOtlpReceiver());
  const database = resources.use(await freshDatabase());
  const topics = await makeTopics(words);
  const [api, payment] = [await freePort(), await freePort()];
  const { brokers, temporalAddress } = parts();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret-of-the-collector',
    OTEL_TRACES_SAMPLER: 'always_on',
    OTEL_BSP_SCHEDULE_DELAY: '100',
    DATABASE_URL: database.url,
    KAFKA_BROKERS: brokers.join(),
    KAFKA_TOPIC_ORDER_CREATED: topics.created,
    KAFKA_TOPIC_ORDER_PROCESSED: topics.processed,
    KAFKA_TOPIC_ORDER_FAILED: topics.failed,
    KAFKA_TOPIC_ORDER_CANCELED: topics.canceled,
    KAFKA_TOPIC_ORDER_RETRY: topics.retry,
    KAFKA_TOPIC_ORDER_DLQ: topics.dlq,
    KAFKA_TOPIC_TRANSACTION_CREATED: topics.transaction,
    KAFKA_TOPIC_TRANSACTIONS_DLQ: topics['transactions-dlq'],
    KAFKA_CONSUMER_GROUP: randomUUID(),
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_TASK_QUEUE: randomUUID(),
    API_PORT: String(api),
    PAYMENT_PORT: String(payment),
    PAYMENT_URL: `http://127.0.0.1:${payment}`,
    PAYMENT_LEDGER_FILE: join(folder, 'ledger.sqlite'),
    FAULTS_ENABLED: 'true',
    // Time for somebody to put right what a first try met.
    PAYMENT_BUDGET: '4s',
    RETRY_MAX_ATTEMPTS: '10',
    PAYMENT_RETRY_INITIAL_INTERVAL: '500ms',
    PAYMENT_RETRY_MAX_INTERVAL: '500ms',
  };
  const start = async (roles: readonly string[]): Promise<void> => {
    const metrics = await freePort();
    const program = startProgram(roles, { ...env, METRICS_PORT: String(metrics) });
    resources.defer(async () => {
      program.kill('SIGTERM');
      await program.ended;
    });
    await eventually(async () => {
      const { status } = await fetch(`http://127.0.0.1:${metrics}/readyz`);
      if (status !== 200) throw new Error(`${roles} not ready:\n${program.output().slice(-4_000)}`);
    }, 40_000);
  };
  await command('search-attributes', env);
  await Promise.all(Object.values(processes).map(start));
  // Until then its worker is given nothing.
  await command('promote', env);
  const url = `http://127.0.0.1:${api}`;
  return {
    api: createApi(url),
    url,
    receiver,
    topics,
    setFaults: (faults) => setFaults(env.PAYMENT_URL, faults),
    startRelay: () => start(['relay', 'keeper', 'notifier']),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
