import { createApi, readOrder } from '../acceptance/outside/api.ts';
import { createLedger } from '../acceptance/outside/ledger.ts';
import { eventually } from '../support/eventually.ts';
import { openTestSystem, type TestProcess, type TestSystem } from '../support/system.ts';

type Line = Readonly<Record<string, unknown>>;

// Whatever is said at all.
const env = { LOG_LEVEL: 'debug' };
// All but the payment service, which is somebody else's.
const roles = ['worker', 'bridge', 'notifier', 'relay', 'keeper', 'api'];

let system: TestSystem;
let lines: readonly Line[];
let orderIds: readonly string[];
let transactionIds: readonly string[];

const ofOrder = (id: string | undefined) => lines.filter(({ order_id }) => order_id === id);

beforeAll(async () => {
  system = await openTestSystem();
  const payment = await system.start(['payment'], env);
  const first = await system.start(roles, env);
  orderIds = await placeOrders(first);
  transactionIds = await moveMoney(first);
  // One more comes, takes its share, and goes on alone when the first is stopped.
  const second = await system.start(roles, env);
  orderIds = [...orderIds, ...(await placeOrders(second))];
  await stopped(first);
  orderIds = [...orderIds, ...(await placeOrders(second))];
  await stopped(second);
  await stopped(payment);
  lines = system
    .output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}, 180_000);

afterAll(() => system[Symbol.asyncDispose]());

test('a healthy run of every role, from its start to its end, has no errors and no warnings', () => {
  expect(lines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  expect(lines.length).toBeGreaterThan(50);
});

test('every line says who wrote it and when, under names in snake case, with a message that is the same each time', () => {
  for (const line of lines) {
    expect(line).toMatchObject({
      v: 0,
      level: expect.any(Number),
      service: expect.stringMatching(/^tbd-/),
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      msg: expect.stringMatching(/^[A-Za-z’, ]+$/),
    });
    expect(Object.keys(line).filter((name) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([]);
  }
});

test('an order’s way is told by its id: each step once, in one trace, for one request', () => {
  for (const [at, id] of orderIds.entries()) {
    // A bridge may read a record twice, and says so of the second time.
    const own = ofOrder(id)
      .filter(({ duplicate, level }) => duplicate !== true && Number(level) >= 30)
      .toSorted((a, b) => String(a.time).localeCompare(String(b.time)));
    expect(own.map(({ msg }) => msg).toSorted()).toEqual(at % 5 === 0 ? replayed : steps);
    const [accepted] = own;
    for (const line of own.filter(({ msg }) => msg !== 'answer replayed')) {
      expect(line).toMatchObject({ trace_id: accepted?.trace_id, span_id: expect.any(String) });
      expect(line).toMatchObject({ request_id: `request-${id === undefined ? '' : requestOf.get(id)}` });
    }
  }
});

test('so are its events, and what Temporal says of its attempts', () => {
  for (const id of orderIds) {
    const own = ofOrder(id);
    const { trace_id } = own.find(({ msg }) => msg === 'order accepted') ?? {};
    const events = own.filter(({ msg }) => msg === 'event published');
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(2);
    const attempts = own.filter(({ detail }) => detail === 'Activity completed');
    expect(attempts).toHaveLength(3);
    for (const line of [...events, ...attempts]) expect(line.trace_id).toBe(trace_id);
  }
});

test('a transaction’s lines name its account', () => {
  for (const id of transactionIds) {
    const own = lines.filter(
      ({ transaction_id, duplicate, level }) =>
        transaction_id === id && duplicate !== true && Number(level) >= 30,
    );
    expect(own.map(({ msg }) => msg).toSorted()).toEqual([
      'transaction accepted',
      'transaction settled',
      'workflow started',
    ]);
    expect(new Set(own.map(({ trace_id }) => trace_id)).size).toBe(1);
    for (const { account_id } of own.filter(({ msg }) => msg !== 'workflow started'))
      expect(account_id).toMatch(/^[0-9a-f-]{36}$/);
  }
});

const steps = [
  'charge decided',
  'customer notified',
  'order accepted',
  'order begun',
  'order ended',
  'workflow started',
];
const replayed = ['answer replayed', ...steps];
const requestOf = new Map<string, string>();
let requests = 0;

/** Five, of which the first is posted twice; resolves when their customers have been told. */
async function placeOrders({ url }: TestProcess): Promise<string[]> {
  const api = createApi(url);
  const order = { customer_email: 'ada@example.com', amount_cents: 4_200 };
  const ids: string[] = [];
  for (let at = 0; at < 5; at += 1) {
    requests += 1;
    const key = `key-${requests}`;
    const post = () => api.post(order, key, { 'x-request-id': `request-${requests}` });
    const { id } = readOrder(await post());
    requestOf.set(id, String(requests));
    ids.push(id);
    if (at === 0) await post();
  }
  for (const id of ids) await api.untilFinal(id, 60_000);
  await eventually(async () => {
    for (const id of ids) expect(system.output()).toMatch(new RegExp(`${id}.*customer notified`));
  }, 60_000);
  return ids;
}

/** In, out, and more out than there is. */
async function moveMoney({ url }: TestProcess): Promise<string[]> {
  const ledger = createLedger(createApi(url));
  const { id: account_id } = await ledger.open();
  const settled: string[] = [];
  for (const [type, amount_cents] of [
    ['CREDIT', 500],
    ['DEBIT', 200],
    ['DEBIT', 1_000],
  ] as const) {
    const { id } = await ledger.accept({ account_id, type, amount_cents });
    settled.push((await ledger.untilSettled(id, 60_000)).id);
  }
  return settled;
}

async function stopped(process: TestProcess): Promise<void> {
  const { code, stderr } = await process.stop();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}
