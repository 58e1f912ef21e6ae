import { openSystem, type System } from './outside/system.ts';

// A figure that only the process of that name has, and that has counted when an order went through.
const figures: Readonly<Record<string, string>> = {
  api: 'orders_created_total',
  relay: 'events_published_total',
  worker: 'orders_processed_total',
  payment: 'payment_charges_total',
};
const needs: Readonly<Record<string, readonly string[]>> = {
  api: ['roles', 'postgres'],
  relay: ['roles', 'postgres', 'kafka', 'notifier'],
  worker: ['roles', 'postgres', 'kafka', 'temporal', 'bridge', 'version'],
  payment: ['roles'],
};

let system: System;

beforeAll(async () => {
  system = await openSystem(process.env);
  const { id } = await system.api.accept({ customer_email: 'buyer@example.com', amount_cents: 500 });
  await system.api.untilFinal(id);
  await system.runs.result(id);
});
afterAll(() => system[Symbol.asyncDispose]());

describe.each(Object.keys(figures))('the process %s', (name) => {
  test('is alive', async () => {
    const { status, body } = await ask(name, '/healthz');
    expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: { status: 'ok' } });
  });

  test('is ready, and says what that depends on', async () => {
    const { status, body } = await ask(name, '/readyz');
    expect(status).toBe(200);
    const { checks, ...rest } = JSON.parse(body);
    expect(rest).toEqual({ status: 'ready' });
    const expected = needs[name]?.map((need) => [need, { status: 'ok', latency_ms: expect.any(Number) }]);
    expect(checks).toEqual(Object.fromEntries(expected ?? []));
  });

  test('counts what it does and what it costs', async () => {
    const { body } = await ask(name, '/metrics');
    const value = new RegExp(`^${figures[name]}(?:{[^}]*})? (\\S+)$`, 'm').exec(body)?.[1];
    expect(Number(value)).toBeGreaterThan(0);
    expect(body).toMatch(/^process_cpu_seconds_total \d/m);
    expect(body).toMatch(/^nodejs_eventloop_lag_seconds \d/m);
  });
});

test('the worker shows the figures of Temporal’s core beside its own', async () => {
  const { body } = await ask('worker', '/metrics');
  expect(body).toMatch(/^temporal_workflow_completed.* \d/m);
  expect(body).toMatch(/^temporal_activity_schedule_to_start_latency_seconds_bucket/m);
});

test('the public port of the api tells its readiness with Kafka and Temporal beside Postgres', async () => {
  const { status, text } = await system.api.request('/readyz');
  expect(status).toBe(200);
  expect(Object.keys(JSON.parse(text).checks).sort()).toEqual(['admission', 'kafka', 'postgres', 'temporal']);
  expect((await system.api.request('/metrics')).text).toContain('orders_created_total');
});

test('the payment service answers its probes on its own port', async () => {
  for (const path of ['/health', '/healthz', '/readyz', '/metrics']) {
    expect((await fetch(`${system.addresses.payment}${path}`)).status).toBe(200);
  }
});

test('Kafka and Temporal hold no personal data in what is public of an order', async () => {
  const { id } = await system.api.accept({ customer_email: 'private@example.com', amount_cents: 500 });
  await system.api.untilFinal(id);
  const history = await system.runs.client.workflow.getHandle(`order-${id}`).fetchHistory();
  expect(
    JSON.stringify(history, (_, value) => (value?.type === 'Buffer' ? Buffer.from(value).toString() : value)),
  ).not.toContain('private@example.com');
});

async function ask(name: string, path: string): Promise<{ status: number; body: string }> {
  const port = system.stack.processes().find((process) => process.name === name)?.metricsPort;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(10_000) });
  return { status: response.status, body: await response.text() };
}
