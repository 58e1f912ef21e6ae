import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { eventually } from '../support/eventually.ts';
import { type Families, type Family, readExposition, sumOf } from '../support/exposition.ts';
import { bridgeGroup, openSystem, type System } from './outside/system.ts';

const processes = ['api', 'relay', 'worker', 'payment'];
let system: System;
let served: ReadonlyMap<string, Families>;

beforeAll(async () => {
  system = await openSystem(process.env);
  const { id } = await system.api.accept({ customer_email: 'buyer@example.com', amount_cents: 500 });
  await system.api.untilFinal(id);
  await system.runs.result(id);
  await oddRequests();
  // Figures of the relay follow the order's end.
  await eventually(async () => expect(sumOf(await scrape('relay'), 'stuck_orders')).toBeDefined(), 20_000);
  served = new Map(await Promise.all(processes.map(async (name) => [name, await scrape(name)] as const)));
}, 60_000);
afterAll(() => system[Symbol.asyncDispose]());

describe.each(processes)('what the process %s serves', (name) => {
  const families = () => [...of(name).values()];
  const namesOf = (some: readonly Family[]) => some.map((family) => family.name);

  test('says of every family what it is', () => {
    expect(families().length).toBeGreaterThan(20);
    expect(namesOf(families().filter(({ help }) => help.length < 4))).toEqual([]);
    const known = /^(counter|gauge|histogram|summary)$/;
    expect(namesOf(families().filter(({ type }) => !known.test(type)))).toEqual([]);
  });

  test('has _total at the end of counters, and of nothing else', () => {
    const isCounter = ({ type }: Family) => type === 'counter';
    const wrong = families().filter((one) => one.name.endsWith('_total') !== isCounter(one));
    expect(namesOf(wrong)).toEqual([]);
  });

  test('counts time in seconds, and room in bytes', () => {
    const other = /_(ms|millis|milliseconds|micros|nanos|minutes|hours|kb|mb|kilobytes|megabytes)(_|$)/;
    expect(namesOf(families()).filter((one) => other.test(one))).toEqual([]);
    const distributions = families().filter(({ type }) => type === 'histogram');
    expect(namesOf(distributions).filter((one) => !/_(seconds|bytes)$/.test(one))).toEqual([]);
  });

  test('has no id, address or word of a client’s in a label', () => {
    const values = families().flatMap(({ samples }) =>
      samples.flatMap(({ labels }) => Object.values(labels)),
    );
    const given = /[0-9a-f]{8}-[0-9a-f]{4}|@|propfind|nowhere|\/v1\/[^:]*\d/i;
    expect(values.filter((value) => given.test(value))).toEqual([]);
  });

  test('tells how late its event loop is', () => {
    expect(sumOf(of(name), 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });
});

test('requests of any kind and to anywhere add no series once each kind has been seen', async () => {
  const series = async () => {
    const families = [...(await scrape('api')).values()];
    return families.flatMap(({ samples }) => samples.map((one) => one.name + JSON.stringify(one.labels)));
  };
  const before = await series();
  await oddRequests();
  expect(await series()).toEqual(before);
});

test('the public port of the api serves the same families', async () => {
  const { text } = await system.api.request('/metrics');
  expect([...readExposition(text).keys()]).toEqual([...(await scrape('api')).keys()]);
  expect((await system.api.request('/api/v1/metrics')).status).toBe(200);
});

const rows = Array.from(
  readFileSync('docs/metrics.md', 'utf8').matchAll(
    /^\| `(\w+)` \| (\w+) \| ([\w, –]+) \| .* \| ([\w, ]+) \|$/gm,
  ),
  ([, name = '', type = '', labels = '', by = '']) => ({
    name,
    type,
    labels: labels === '–' ? [] : labels.split(', '),
    by: by.split(', '),
  }),
);

test.each(rows)('$name is served as the documents say', ({ name, type, labels, by }) => {
  for (const one of by) {
    const family = of(one).get(name);
    expect({ by: one, type: family?.type }).toEqual({ by: one, type });
    const found = new Set(family?.samples.flatMap((sample) => Object.keys(sample.labels)));
    for (const extra of ['le', 'service_name']) found.delete(extra);
    // The core has more of them on some calls than on others.
    if (found.size > 0 && name.startsWith('temporal_'))
      expect([...found]).toEqual(expect.arrayContaining(labels));
    else if (found.size > 0) expect([...found].sort()).toEqual(labels.toSorted());
  }
});

test('the documents name every metric of the system’s own', () => {
  const own = [...served.values()].flatMap((families) => [...families.keys()]);
  const known = new Set(rows.map(({ name }) => name));
  expect(own.filter((name) => !/^(process|nodejs|temporal)_/.test(name) && !known.has(name))).toEqual([]);
});

test('an order shows in the figures of each process that had to do with it', () => {
  const shown = (name: string, metric: string, labels = {}) => sumOf(of(name), metric, labels);
  const accept = { statement: 'insert idempotency_keys' };
  expect(shown('api', 'db_query_duration_seconds_count', accept)).toBeGreaterThan(0);
  const answered = { method: 'POST', route: '/v1/orders', status: '202' };
  expect(shown('api', 'http_requests_total', answered)).toBeGreaterThan(0);
  expect(shown('worker', 'orders_processed_total', { status: 'completed' })).toBeGreaterThan(0);
  expect(shown('worker', 'db_pool_connections')).toBeGreaterThan(0);
  expect(shown('worker', 'temporal_request_total', { operation: 'StartWorkflowExecution' })).toBeGreaterThan(
    0,
  );
  expect(shown('relay', 'order_end_to_end_seconds_count', { status: 'completed' })).toBeGreaterThan(0);
  // The keeper's client in plain JavaScript: the watchdog has looked at the runs.
  expect(shown('relay', 'temporal_request_total')).toBeGreaterThan(0);
  expect(shown('relay', 'temporal_request_latency_seconds_count')).toBeGreaterThan(0);
});

test('what has not happened yet is there, at 0', () => {
  const zero = (name: string, metric: string, labels = {}) =>
    expect([metric, sumOf(of(name), metric, labels)]).toEqual([metric, expect.any(Number)]);
  zero('api', 'http_requests_total', { method: 'POST', route: '/v1/orders', status: '503' });
  zero('worker', 'circuit_breaker_state', { name: 'payment' });
  zero('worker', 'circuit_breaker_transitions_total', { name: 'payment', to: 'open' });
  zero('worker', 'worker_retries_total', { activity: 'chargeOrder' });
  zero('worker', 'dlq_messages_total', { topic: 'order.created', class: 'poison' });
  zero('worker', 'events_consumed_total', { topic: 'order.created', outcome: 'dead_letter' });
  zero('relay', 'dead_letters_kept_total', { class: 'parse' });
  zero('relay', 'order_end_to_end_seconds_count', { status: 'failed' });
});

test('every group’s lag is there for each partition, and goes to 0', async () => {
  const groups = ['', '-transactions', '-retry', '-notifier', '-dlq'].map((end) => bridgeGroup + end);
  const families = of('relay').get('kafka_consumer_lag')?.samples ?? [];
  expect(new Set(families.map(({ labels }) => labels.group))).toEqual(new Set(groups));
  const partitions = families.filter(({ labels }) => labels.group === bridgeGroup);
  expect(partitions.map(({ labels }) => labels.partition).sort()).toEqual(['0', '1', '2', '3', '4', '5']);
  await eventually(async () => {
    const lag = await scrape('relay');
    expect(sumOf(lag, 'kafka_consumer_lag', { group: bridgeGroup })).toBe(0);
    expect(sumOf(lag, 'orders_open')).toBe(0);
  }, 20_000);
}, 30_000);

function of(name: string): Families {
  return served.get(name) ?? new Map();
}

async function scrape(name: string): Promise<Families> {
  const port = system.stack.processes().find((process) => process.name === name)?.metricsPort;
  const url = `http://127.0.0.1:${port}/metrics`;
  return readExposition(await (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text());
}

/** Each kind of request that a client may think of, to somewhere new. */
async function oddRequests(): Promise<void> {
  const id = randomUUID();
  for (const [method, path] of [
    ['GET', `/v1/orders/${id}`],
    ['GET', `/nowhere/${id}`],
    ['PROPFIND', `/v1/orders/${id}`],
    ['MKCOL', `/nowhere/${id}`],
    ['DELETE', `/v1/orders/${id}`],
    ['GET', `/v1/orders?cursor=${id}`],
    ['POST', `/v1/circuit-breakers/${id}/reset`],
  ] as const)
    await system.api.request(path, { method });
}
