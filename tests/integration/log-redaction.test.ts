import { randomUUID } from 'node:crypto';
import { createApi } from '../acceptance/outside/api.ts';
import { freePort } from '../deploy/ports.ts';
import { orderCreatedRecord } from '../support/bridge.ts';
import { eventually } from '../support/eventually.ts';
import { send } from '../support/kafka.ts';
import { runProgram } from '../support/program.ts';
import { startRedis } from '../support/redis.ts';
import { openTestSystem, type TestSystem } from '../support/system.ts';

const email = 'ada.lovelace@example.com';
const password = 'hunter2-of-ada';
const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';
const secrets = new RegExp(`lovelace|${password}|${token.slice(-12)}`);

let system: TestSystem;

beforeAll(async () => {
  system = await openTestSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

test('a customer’s address and a token stay out of the api’s lines, whatever goes wrong', async () => {
  const process = await system.start(['api'], { LOG_LEVEL: 'debug' });
  const api = createApi(process.url);
  const headers = { authorization: `Bearer ${token}`, cookie: `token=${token}` };
  const order = { customer_email: email, amount_cents: 100 };

  const cut = await api.request('/v1/orders', {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify(order).slice(0, -5),
  });
  expect(cut.status).toBe(400);
  expect((await api.post({ ...order, merchant_id: 7 }, email, headers)).status).toBe(400);

  // What Postgres says of it has the whole row in it.
  await system.database.rows(`alter table orders add check (customer_email <> '${email}')`);
  const refused = await api.post(order, `key-of-${password}`, headers);
  expect(refused.status).toBe(500);
  expect(refused.text).not.toMatch(secrets);
  await process.stop();
  expect(system.output()).toMatch(/violates check constraint.*request failed.*request answered/s);
  expect(system.output()).not.toMatch(secrets);
}, 60_000);

test('what a record carries stays out of the lines and of the reasons with which it is set aside', async () => {
  const { KAFKA_TOPIC_ORDER_CREATED: created = '', KAFKA_TOPIC_ORDER_PROCESSED: processed = '' } =
    system.topics;
  const process = await system.start(['bridge', 'notifier', 'keeper'], { LOG_LEVEL: 'debug' });
  const { key, value } = orderCreatedRecord({ customer_email: email, amount_cents: email });
  const versioned = orderCreatedRecord({ customer_email: email, schema_version: email });
  const headers = { ce_id: email, correlation_id: email, traceparent: email };
  await send(created, [
    { key, value, headers },
    { key: versioned.key, value: versioned.value },
    { key: email, value: `{"customer_email": "${email}"` },
    { key: email, value: `{"${email}": 1, "schema_version": 1}` },
  ]);
  await send(processed, [{ key: email, value: email, headers }]);
  const letters = () => system.database.rows<{ reason: string }>('select reason from dead_letters');
  await eventually(async () => expect(await letters()).toHaveLength(5), 30_000);
  expect(JSON.stringify(await letters())).not.toMatch(secrets);
  await process.stop();
  expect(system.output().match(/"record set aside"/g)).toHaveLength(5);
  expect(system.output()).not.toMatch(secrets);
}, 90_000);

test('passwords stay out of what a process says that cannot reach what it needs', async () => {
  const nobody = `127.0.0.1:${await freePort()}`;
  const DATABASE_URL = `postgres://tbd:${password}@${nobody}/tbd`;
  const env = { DATABASE_URL, METRICS_PORT: String(await freePort()) };
  const ended = await Promise.all([
    runProgram(['relay'], env),
    runProgram(['migrate', 'up'], env),
    runProgram(['relay'], { ...env, DATABASE_URL: `postgres://tbd:${password}@[nowhere/tbd` }),
    runProgram(['relay'], { ...env, DATABASE_URL: `mysql://tbd:${password}@${nobody}/tbd` }),
  ]);
  expect(ended.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
  for (const { stdout, stderr } of ended) {
    expect(stdout + stderr).not.toBe('');
    expect(stdout + stderr).not.toMatch(secrets);
  }
}, 60_000);

test('so does a password that Redis refuses', async () => {
  await using redis = await startRedis();
  await redis.command('CONFIG', 'SET', 'requirepass', 'another');
  const process = await system.start(['notifier'], {
    DEDUP_STORE: 'hybrid',
    REDIS_ADDR: redis.address,
    REDIS_PASSWORD: password,
  });
  const { key, value } = orderCreatedRecord();
  const headers = { ce_id: randomUUID() };
  await send(system.topics.KAFKA_TOPIC_ORDER_PROCESSED ?? '', [{ key, value, headers }]);
  await eventually(async () => expect(system.output()).toContain('Redis does not answer'), 30_000);
  await process.stop();
  expect(system.output()).toContain('WRONGPASS');
  expect(system.output()).not.toMatch(secrets);
}, 60_000);
