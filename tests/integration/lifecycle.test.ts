import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../deploy/ports.ts';
import { emptyDatabase, freshDatabase, poolOf } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaProxy, makeTopics } from '../support/kafka.ts';
import { placed } from '../support/orders.ts';
import { runProgram, startProgram } from '../support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'lifecycle-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The cheapest role: it needs no other part. */
async function startPayment(more: Record<string, string> = {}) {
  const [payment, metrics] = [await freePort(), await freePort()];
  const env = {
    PAYMENT_PORT: String(payment),
    METRICS_PORT: String(metrics),
    PAYMENT_LEDGER_FILE: join(folder, `${payment}.sqlite`),
  };
  const program = startProgram(['payment'], { ...env, ...more });
  await untilReady(metrics);
  return { program, env, payment: `http://127.0.0.1:${payment}`, metrics: `http://127.0.0.1:${metrics}` };
}

async function untilReady(metricsPort: number): Promise<void> {
  await eventually(
    async () => expect((await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).status).toBe(200),
    20_000,
  );
}

const lines = (output: string): Record<string, unknown>[] =>
  output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

// Side by side but for those that measure time: most of it is waiting for processes.
test.concurrent.each(['SIGTERM', 'SIGINT'] as const)(
  'on %s a role drains and ends with 0; its log is JSON to the last line',
  async (signal) => {
    const { program, payment, metrics } = await startPayment();
    expect((await fetch(`${payment}/health`)).status).toBe(200);
    const ready: unknown = await (await fetch(`${metrics}/readyz`)).json();
    expect(ready).toMatchObject({ status: 'ready', checks: { roles: { status: 'ok' } } });
    program.kill(signal);
    const { code, stdout, stderr } = await program.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(
      lines(stdout)
        .map(({ msg }) => msg)
        .slice(-2),
    ).toEqual(['draining', 'drained']);
  },
);

test('what Node warns of is a line of the log, and not beside it', async () => {
  const warning = `process.once('SIGTERM', () => process.emitWarning('too many listeners'))`;
  const { program } = await startPayment({ NODE_OPTIONS: `--import "data:text/javascript,${warning}"` });
  program.kill('SIGTERM');
  const { stdout, stderr } = await program.ended;
  expect(stderr).toBe('');
  expect(lines(stdout).find(({ level }) => level === 40)).toMatchObject({
    msg: 'Node warns',
    err: { message: 'too many listeners' },
  });
});

test('a second signal ends it at once and says so by its code', async () => {
  const { program, payment } = await startPayment();
  // A request that never ends its body keeps the drain waiting.
  const stalled = request(`${payment}/v1/charges`, {
    method: 'POST',
    agent: new Agent(),
    headers: { 'Content-Type': 'application/json', 'Content-Length': '100', 'Idempotency-Key': 'k' },
  });
  stalled.on('error', () => undefined);
  await new Promise((resolve) => stalled.write('{', resolve));
  await eventually(async () => expect((await fetch(`${payment}/health`)).status).toBe(200), 5_000);
  program.kill('SIGTERM');
  await eventually(async () => expect(program.output()).toContain('draining'), 5_000);
  const secondAt = performance.now();
  program.kill('SIGTERM');
  expect((await program.ended).code).toBe(1);
  expect(performance.now() - secondAt).toBeLessThan(5_000);
});

test('a bad configuration ends with 1 within a second and lists every fault', async () => {
  const env = { API_PORT: 'x', LOG_LEVEL: 'loud', JAEGER_ENDPOINT: 'jaeger:14268', BIND_ADDRESS: '0.0.0.0' };
  const { code, stderr, ms } = await runProgram(['api', 'relay', 'worker', 'bridge'], env);
  expect(code).toBe(1);
  for (const name of Object.keys(env)) expect(stderr).toMatch(new RegExp(`^  ${name}: `, 'm'));
  expect(stderr).not.toMatch(/^\s+at /m);
  // A second on a quiet machine, which a test run is not.
  expect(ms).toBeLessThan(3_000);
});

test.concurrent.each([[[]], [['conductor']], [['api', 'migrate']]])(
  'words that name no roles end with 1 and the usage: %j',
  async (words) => {
    const { code, stderr } = await runProgram(words);
    expect(code).toBe(1);
    expect(stderr).toContain('Usage: node src/main.ts <role>');
  },
);

test.concurrent('a role that cannot reach what it needs ends with 1 and says why', async () => {
  const nothing = await freePort();
  const env = {
    METRICS_PORT: String(await freePort()),
    DATABASE_URL: `postgres://tbd:secret@127.0.0.1:${nothing}/tbd`,
  };
  const { code, stdout } = await runProgram(['relay'], env);
  expect(code).toBe(1);
  expect(lines(stdout).find(({ level }) => level === 50)).toMatchObject({
    msg: 'process gives up',
    err: { message: expect.stringContaining('ECONNREFUSED') },
  });
});

test.concurrent.each(['PAYMENT_PORT', 'METRICS_PORT'])(
  'a %s that is taken ends with 1 and names it',
  async (name) => {
    const { program, env } = await startPayment();
    const others = { ...env, METRICS_PORT: String(await freePort()), PAYMENT_PORT: String(await freePort()) };
    const port = env[name as keyof typeof env]; // test.each forgets the literal
    const { code, stdout } = await runProgram(['payment'], { ...others, [name]: port });
    expect(code).toBe(1);
    expect(stdout).toContain(`EADDRINUSE: address already in use 127.0.0.1:${port}`);
    program.kill('SIGTERM');
    expect((await program.ended).code).toBe(0);
  },
);

test.concurrent('AUTO_MIGRATE=false leaves the schema alone: a role that needs a newer one says so and does not start', async () => {
  await using database = await emptyDatabase();
  const env = { METRICS_PORT: String(await freePort()), DATABASE_URL: database.url, AUTO_MIGRATE: 'false' };
  const { code, stdout } = await runProgram(['relay'], env);
  expect(code).toBe(1);
  expect(stdout).toMatch(/The schema is at migration none, this program needs \d+; run `make migrate-up`/);
  expect(await database.rows(`select from information_schema.tables where table_schema = 'public'`)).toEqual(
    [],
  );
});

test.concurrent('a relay drains in time although Kafka is gone in the middle of a send; its rows stay', async () => {
  await using database = await freshDatabase();
  await using pool = await poolOf(database.url);
  await using proxy = await kafkaProxy();
  const { created } = await makeTopics(['created']);
  const metrics = await freePort();
  const program = startProgram(['relay'], {
    METRICS_PORT: String(metrics),
    DATABASE_URL: database.url,
    KAFKA_BROKERS: `127.0.0.1:${proxy.port}`,
    KAFKA_TOPIC_ORDER_CREATED: created,
  });
  await untilReady(metrics);
  const unsent = () => database.rows('select from outbox');
  await placed(pool);
  await eventually(async () => expect(await unsent()).toHaveLength(0), 15_000);

  await proxy.cut();
  await placed(pool);
  await eventually(async () => expect(program.output()).toContain('ECONNREFUSED'), 15_000);
  const started = performance.now();
  program.kill('SIGTERM');
  const { code, stdout } = await program.ended;
  expect(performance.now() - started).toBeLessThan(15_000);
  expect({ code, last: lines(stdout).at(-1)?.msg }).toEqual({ code: 0, last: 'drained' });
  expect(await unsent()).toHaveLength(1);
}, 60_000);
