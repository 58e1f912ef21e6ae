import { randomBytes, randomUUID } from 'node:crypto';
import { type Answer, readOrder } from '../acceptance/outside/api.ts';
import { eventually } from '../support/eventually.ts';
import { send } from '../support/kafka.ts';
import type { ReceivedSpan } from '../support/otlp-receiver.ts';
import { startTracedSystem, type TracedSystem } from './traced-system.ts';

let system: TracedSystem;
// Accepted while no relay ran.
let early: { readonly answer: Answer; readonly spans: readonly ReceivedSpan[]; readonly canceled: Answer[] };

const email = 'ada.of.the.traces@example.com';
const newOrder = { customer_email: email, amount_cents: 700, merchant_id: 'shop-7' };
const key = () => `key-of-a-client-${randomUUID()}`;

beforeAll(async () => {
  system = await startTracedSystem();
  const { api } = system;
  const answer = await api.post(newOrder, key());
  const doomed = await api.post(newOrder, key());
  const cancel = await api.cancel(readOrder(doomed).id);
  const spans = await eventually(async () => {
    const got = spansOf(answer);
    expect(namesOf(got)).toContain('api: POST /v1/orders');
    return got;
  }, 10_000);
  early = { answer, spans, canceled: [doomed, cancel] };
  await system.startRelay();
}, 120_000);
afterAll(() => system[Symbol.asyncDispose](), 60_000);

const traceOf = (answer: Answer): string => answer.headers.get('trace_id') ?? '';
const spansOf = (answer: Answer): ReceivedSpan[] =>
  system.receiver.spans.filter(({ traceId }) => traceId === traceOf(answer));

const roleOf = ({ service }: ReceivedSpan): string => service.replace('tbd-', '');
/** As `role: name`, with a topic by its word. */
const namesOf = (spans: readonly ReceivedSpan[]): string[] =>
  spans.map((span) => `${roleOf(span)}: ${span.name.replace(/-[0-9a-f]{8}$/, '')}`);
const named = (spans: readonly ReceivedSpan[], name: string): ReceivedSpan[] =>
  spans.filter((span) => span.name === name || span.name.replace(/-[0-9a-f]{8}$/, '') === name);

/** The whole of an order's trace, once its last event has been read. */
const wholeTrace = (answer: Answer, last: string): Promise<ReceivedSpan[]> =>
  eventually(async () => {
    const spans = spansOf(answer);
    expect(namesOf(spans)).toContain(last);
    expect(orphans(spans)).toEqual([]);
    return spans;
  }, 30_000);

function orphans(spans: readonly ReceivedSpan[]): string[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  return namesOf(spans.filter(({ parentId }) => parentId !== undefined && !known.has(parentId)));
}

/** What was above a span, the nearest first. */
function ancestry(spans: readonly ReceivedSpan[], of: ReceivedSpan | undefined): string[] {
  const above = spans.find(({ spanId }) => spanId === of?.parentId);
  return above === undefined ? [] : [...namesOf([above]), ...ancestry(spans, above)];
}

const notifier = 'notifier-relay-keeper';
const read = `${notifier}: process processed`;

/** From the request to the event's reader: each the child, or a later descendant, of the one before. */
const way = [
  'api: POST /v1/orders',
  `${notifier}: publish created`,
  'worker-bridge: process created',
  'worker-bridge: StartWorkflow:processOrder',
  'worker-bridge: RunWorkflow:processOrder',
  'worker-bridge: StartActivity:completeOrder',
  'worker-bridge: RunActivity:completeOrder',
  `${notifier}: publish processed`,
  read,
];

function expectWholeWay(spans: readonly ReceivedSpan[]): void {
  const last = named(spans, 'process processed')[0];
  const above = [read, ...ancestry(spans, last)].filter((name) => way.includes(name));
  expect(above.toReversed()).toEqual(way);
  expect(spans.filter(({ parentId }) => parentId === undefined)).toHaveLength(1);
}

test('an order is one trace, from its request to the reader of its last event, and no span lacks its parent', async () => {
  const answer = await system.api.post(newOrder, key());
  const spans = await wholeTrace(answer, read);
  expectWholeWay(spans);
  const [charge] = named(spans, 'POST /v1/charges');
  expect(ancestry(spans, charge).slice(0, 5)).toEqual([
    'worker-bridge: POST',
    'worker-bridge: gatewayCall',
    'worker-bridge: callPayment',
    'worker-bridge: RunActivity:chargeOrder',
    'worker-bridge: StartActivity:chargeOrder',
  ]);
  expect(new Set(spans.map(roleOf))).toEqual(new Set(['api', notifier, 'worker-bridge', 'payment']));
  // Which the libraries' own instrumentations make, each of what was loaded after them.
  const names = namesOf(spans);
  expect(names).toContain('api: router - /v1/orders');
  for (const role of ['api', 'worker-bridge', notifier])
    expect(names.filter((name) => name.startsWith(`${role}: pg.query`))).not.toEqual([]);
});

test('its spans say what they are about, and nothing that is personal or a secret', async () => {
  const clientKey = key();
  const answer = await system.api.post(newOrder, clientKey);
  const { id } = readOrder(answer);
  await system.api.post(newOrder, clientKey);
  const spans = await wholeTrace(answer, read);
  const one = (name: string) => named(spans, name)[0]?.attributes;
  const about = { 'order.id': id, 'merchant.id': 'shop-7' };
  expect(one('POST /v1/orders')).toMatchObject({
    'http.route': '/v1/orders',
    'http.response.status_code': '202',
  });
  expect(one('createOrder')).toMatchObject({ ...about, 'idempotency.hit': false });
  expect(namesOf(spans)).toEqual(expect.arrayContaining(['api: validate', 'api: persistOrder']));
  expect(one('callPayment')).toMatchObject({
    ...about,
    timeout_ms: '4000',
    'retry.attempt': '1',
    'cb.state': 'closed',
    'bulkhead.max': '10',
  });
  expect(one('gatewayCall')).toMatchObject({ 'retry.attempt': '1', timeout_ms: expect.any(String) });
  expect(one('publish created')).toMatchObject({
    'messaging.system': 'kafka',
    'messaging.destination.name': system.topics.created,
    'order.id': id,
  });
  expect(one('process processed')).toMatchObject({ 'order.id': id, 'record.end': 'done' });
  const repeated = await eventually(async () => {
    const hits = system.receiver.spans.filter(({ attributes }) => attributes['idempotency.hit'] === true);
    expect(hits).toHaveLength(1);
    return hits[0];
  }, 10_000);
  expect(repeated).toMatchObject({
    name: 'createOrder',
    attributes: { 'order.id': id },
    events: ['idempotent_request_cached'],
  });
  const all = JSON.stringify(system.receiver.spans);
  for (const secret of [email, 'key-of-a-client', 'client.address', 'secret-of-the-collector'])
    expect(all.match(new RegExp(`.{80}${secret}.{20}`))?.[0] ?? 'none').toBe('none');
  expect(system.receiver.headers()).toMatchObject({ 'api-key': 'secret-of-the-collector' });
});

test('while no relay runs no span stays open, and the trace goes on when one comes', async () => {
  expect(orphans(early.spans)).toEqual([]);
  const spans = await wholeTrace(early.answer, read);
  expectWholeWay(spans);
});

test('an order that was canceled while it waited leaves two whole traces', async () => {
  const [placed, cancel] = early.canceled;
  if (placed === undefined || cancel === undefined) throw new Error('nothing was canceled');
  const spans = await wholeTrace(placed, 'worker-bridge: RunActivity:beginOrder');
  expect(namesOf(spans)).not.toContain('worker-bridge: callPayment');
  await wholeTrace(cancel, `${notifier}: publish canceled`);
});

test('a run and its activities are spans that are over at once, and its end is another that points back', async () => {
  const spans = await wholeTrace(early.answer, 'worker-bridge: EndWorkflow:processOrder');
  const [run] = named(spans, 'RunWorkflow:processOrder');
  const [end] = named(spans, 'EndWorkflow:processOrder');
  expect(run?.milliseconds).toBe(0);
  expect(end).toMatchObject({ milliseconds: 0, links: [run?.spanId], isError: false });
});

test('a declined order’s trace ends with its failure', async () => {
  const answer = await system.api.post({ ...newOrder, merchant_id: 'declined' }, key());
  const spans = await wholeTrace(answer, `${notifier}: publish failed`);
  expect(
    named(spans, 'gatewayCall').map(({ attributes }) => attributes['http.response.status_code']),
  ).toEqual(['402']);
  expect(namesOf(spans)).toContain('worker-bridge: RunActivity:failOrder');
});

test('a payment that is tried again is one attempt with a span for each try', async () => {
  await system.setFaults({ error_pct: 100 });
  const answer = await system.api.post(newOrder, key());
  await eventually(async () => expect(named(spansOf(answer), 'gatewayCall')).not.toEqual([]), 20_000);
  await system.setFaults();
  const spans = await wholeTrace(answer, read);
  const [call] = named(spans, 'callPayment');
  expect(call).toMatchObject({ attributes: { 'retry.succeeded': true }, events: ['retry.succeeded'] });
  const tries = named(spans, 'gatewayCall').map(({ attributes }) => attributes['http.response.status_code']);
  expect(tries).toHaveLength(Number(call?.attributes['retry.attempt']));
  expect([tries[0], tries.at(-1)]).toEqual(['500', '201']);
});

test('a record that is set aside keeps its trace among the dead letters', async () => {
  const traceId = randomBytes(16).toString('hex');
  const traceparent = `00-${traceId}-${'1'.repeat(16)}-01`;
  await send(system.topics.created, [{ key: 'nobody', value: 'no order', headers: { traceparent } }]);
  await eventually(async () => {
    const spans = system.receiver.spans.filter((span) => span.traceId === traceId);
    expect(namesOf(spans)).toContain(`${notifier}: process dlq`);
    expect(named(spans, 'process created')[0]?.attributes).toMatchObject({ 'record.end': 'set_aside' });
  }, 20_000);
});

test('whoever asks how a process is leaves no span, and gets the trace’s headers all the same', async () => {
  const traceId = randomBytes(16).toString('hex');
  const headers = { traceparent: `00-${traceId}-${'1'.repeat(16)}-01` };
  const told = await Promise.all(
    ['/healthz', '/readyz', '/metrics', '/v1/nothing'].map(async (path) => {
      const { headers: said } = await fetch(`${system.url}${path}`, { headers });
      return [said.get('trace_id'), said.get('traceparent')?.slice(0, 36), said.get('x-request-id')?.length];
    }),
  );
  expect(told).toEqual(Array(4).fill([traceId, `00-${traceId}-`, 36]));
  await eventually(async () => {
    const spans = system.receiver.spans.filter((span) => span.traceId === traceId);
    expect(namesOf(spans)).toEqual(['api: GET']);
  }, 10_000);
});
