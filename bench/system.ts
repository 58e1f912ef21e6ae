import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { mendKafkajs } from '../src/platform/mend-kafkajs.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import type { Trees } from './measure/cpu.ts';

/** A whole stack for the bench alone, on free ports, with empty data and durable settings, and ways to look into it. */
export interface System extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
  readonly stack: Stack;
  readonly temporal: Client;
  readonly kafka: Admin;
  /** Starts the roles anew with these settings beside their own, and resolves when they are ready; none puts back what was. */
  restartRoles(env?: Readonly<Record<string, string>>): Promise<void>;
  /** Every process of the stack by its name. */
  trees(): Trees;
  rows<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

mendKafkajs();

let restarts = 0;

const home = resolve(import.meta.dirname, '..', '.tbd', 'bench');

export async function openSystem(): Promise<System> {
  await using opened = new AsyncDisposableStack();
  rmSync(home, { recursive: true, force: true });
  const stack = opened.use(await startStack({ home, ports: 'free' }));
  const { DATABASE_URL, TEMPORAL_ADDRESS = '', KAFKA_BROKERS = '' } = stack.env;
  const database = new pg.Client({ connectionString: DATABASE_URL });
  await database.connect();
  opened.defer(() => database.end());
  const connection = await Connection.connect({ address: TEMPORAL_ADDRESS });
  opened.defer(() => connection.close());
  const kafka = new Kafka({ brokers: [KAFKA_BROKERS], clientId: 'bench', logLevel: logLevel.ERROR }).admin();
  await kafka.connect();
  opened.defer(() => kafka.disconnect());
  const resources = opened.move();
  return {
    env: stack.env,
    stack,
    temporal: new Client({ connection }),
    kafka,
    restartRoles: async (more = {}) => {
      // What is told apart by its settings is started anew by them, be it with the same as before.
      restarts += 1;
      await startStack({ home, env: { ...more, SERVICE_RESTARTS: String(restarts) } });
    },
    trees: () => Object.fromEntries(stack.processes().map(({ name, pid }) => [name, pid])),
    rows: async (text, values = []) => (await database.query(text, [...values])).rows,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
