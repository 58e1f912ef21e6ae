import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openStack, startStack } from './stack.ts';

// Addresses of a stack that is already there would be used instead of starting the parts.
const NOTHING_GIVEN = {
  DATABASE_URL: '',
  DB_HOST: '',
  KAFKA_BROKERS: '',
  TEMPORAL_ADDRESS: '',
  REDIS_ADDR: '',
};
const PARTS = ['postgres', 'kafka', 'temporal'];

let home: string;
const start = () => startStack({ home, ports: 'free', partsOnly: true, env: NOTHING_GIVEN });

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'tbd-stack-'));
  chmodSync(home, 0o755); // as root Postgres is another user, who must get in
});

afterAll(async () => {
  await openStack(home).stop();
  rmSync(home, { recursive: true, force: true });
});

test('every part heals by itself after a kill, and the data is still there', async () => {
  await using stack = await start();
  const before = stack.processes();
  await query(stack.env, 'create table kept as select 42 as answer');
  await Promise.all(PARTS.map((name) => stack.kill(name)));
  await Promise.all(PARTS.map((name) => stack.untilReady(name)));
  expect(await query(stack.env, 'select answer from kept')).toEqual([{ answer: 42 }]);
  expect(stack.processes().map(({ name }) => name)).toEqual(PARTS);
  expect(stack.processes().some(({ pid }) => before.some((former) => former.pid === pid))).toBe(false);
}, 120_000);

test('a stopped stack leaves no process, and starts again on other ports with its data', async () => {
  expect(openStack(home).processes()).toEqual([]);
  await using stack = await start();
  expect(await query(stack.env, 'select answer from kept')).toEqual([{ answer: 42 }]);
}, 120_000);

test('data that was cut off while it was made is made again', async () => {
  for (const name of ['kafka', 'postgres-18'])
    renameSync(join(home, 'data', name), join(home, 'data', `${name}.999999999.part`));
  await using stack = await start();
  expect(stack.processes()).toHaveLength(PARTS.length);
}, 120_000);

async function query(env: Record<string, string>, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: env.DATABASE_URL });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}
