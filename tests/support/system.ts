import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../deploy/ports.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { parts } from './parts.ts';
import { type Ended, type Running, runProgram, startProgram } from './program.ts';

export interface TestProcess extends Running {
  /** Where its API is, or its payment service. */
  readonly url: string;
  /** Asks it to drain; resolves when it has. */
  stop(): Promise<Ended>;
}

/** The real program in processes of the test's own, on the parts of the shared stack, which nobody else's touch. */
export interface TestSystem extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly topics: Readonly<Record<string, string>>;
  /** Resolves when it is ready. */
  start(roles: readonly string[], env?: Record<string, string>): Promise<TestProcess>;
  /** Whatever any of its processes has printed so far. */
  output(): string;
}

const topicNames = [
  'ORDER_CREATED',
  'ORDER_PROCESSED',
  'ORDER_FAILED',
  'ORDER_CANCELED',
  'ORDER_RETRY',
  'ORDER_DLQ',
  'ORDER_IDEMPOTENCY',
  'TRANSACTION_CREATED',
  'TRANSACTION_PROCESSED',
  'TRANSACTION_FAILED',
  'TRANSACTIONS_DLQ',
];

export async function openTestSystem(): Promise<TestSystem> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await freshDatabase());
  const folder = mkdtempSync(join(tmpdir(), 'tbd-system-'));
  opening.defer(() => rmSync(folder, { recursive: true }));
  const suffix = randomUUID().slice(0, 8);
  const topics = Object.fromEntries(
    topicNames.map((name) => [`KAFKA_TOPIC_${name}`, `${name.toLowerCase().replace('_', '.')}-${suffix}`]),
  );
  const { brokers, temporalAddress } = parts();
  const common = {
    DATABASE_URL: database.url,
    KAFKA_BROKERS: brokers.join(),
    KAFKA_CONSUMER_GROUP: `system-${suffix}`,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_TASK_QUEUE: `system-${suffix}`,
    PAYMENT_PORT: String(await freePort()),
    PAYMENT_LEDGER_FILE: join(folder, 'ledger.sqlite'),
    ...topics,
  };
  const made = await runProgram(['topics'], common);
  if (made.code !== 0) throw new Error(made.stderr);
  const started: TestProcess[] = [];
  opening.defer(async () => {
    for (const { kill } of started) kill('SIGKILL');
    await Promise.all(started.map(({ ended }) => ended));
  });
  const opened = opening.move();
  let promoted: Promise<unknown> | undefined;
  const payment = `http://127.0.0.1:${common.PAYMENT_PORT}`;
  return {
    database,
    topics,
    async start(roles, env = {}) {
      const [api, metrics] = [await freePort(), await freePort()];
      const own = { API_PORT: String(api), METRICS_PORT: String(metrics), PAYMENT_URL: payment };
      const url = roles.includes('payment') ? payment : `http://127.0.0.1:${api}`;
      const program = startProgram(roles, { ...common, ...own, ...env });
      const stop = () => {
        program.kill('SIGTERM');
        return program.ended;
      };
      const process = { ...program, url, stop };
      started.push(process);
      // Until then a run gets no task but those that its start and its cache bring along.
      if (roles.includes('worker')) promoted ??= runProgram(['promote'], common);
      const ready = eventually(async () => {
        const { status } = await fetch(`http://127.0.0.1:${metrics}/readyz`);
        if (status !== 200) throw new Error(`${roles} answers ${status}`);
      }, 60_000);
      await Promise.race([ready, program.ended.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
      await promoted;
      return process;
    },
    output: () => started.map(({ output }) => output()).join(''),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
