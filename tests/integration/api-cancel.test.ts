import { randomUUID } from 'node:crypto';
import { startTestApi, type TestApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';

let api: TestApi;
/** What waking the run does: nothing, unless a test says otherwise. */
let onWake: (orderId: string) => Promise<void> = async () => {};
let woken: string[];

beforeAll(async () => {
  api = await startTestApi({
    wakeRun: async (orderId) => {
      woken.push(orderId);
      await onWake(orderId);
    },
  });
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => {
  woken = [];
  onWake = async () => {};
});

const cancel = (id: string, headers: Record<string, string> = {}) =>
  api.call({
    path: `/v1/orders/${id}/cancel`,
    body: undefined,
    headers: { 'Idempotency-Key': undefined, ...headers },
  });
const set = (id: string, change: string) =>
  api.database.rows(`update orders set ${change}, version = version + 1 where id = $1`, [id]);

async function processing(): Promise<string> {
  const { id } = (await api.call()).json;
  await set(id, `status = 'processing'`);
  return id;
}

test('a pending order is canceled without its run', async () => {
  const { id } = (await api.call()).json;
  expect(await cancel(id)).toMatchObject({ status: 200, json: { status: 'canceled', version: 2 } });
  expect(woken).toEqual([]);
});

test('in processing it is promised, marked, and its run woken', async () => {
  const id = await processing();
  const answer = await cancel(id);
  expect(answer).toMatchObject({
    status: 202,
    headers: { 'retry-after': '1', etag: '"3"' },
    json: { status: 'processing', cancel_requested_at: expect.stringMatching(/Z$/) },
  });
  expect(woken).toEqual([id]);
});

test('a run that stops meanwhile makes it a final answer', async () => {
  const id = await processing();
  onWake = async () => void (await set(id, `status = 'canceled', payment_state = 'refunded'`));
  expect(await cancel(id)).toMatchObject({
    status: 200,
    json: { status: 'canceled', payment_state: 'refunded' },
  });
});

test('each repeat gets the first answer, whatever If-Match says by then, and becomes 200 when it is done', async () => {
  const id = await processing();
  const first = await cancel(id, { 'If-Match': '"2"' });
  const second = await cancel(id, { 'If-Match': '"2"' });
  expect([first.status, second.status, second.text]).toEqual([202, 202, first.text]);
  await set(id, `status = 'canceled'`);
  expect((await cancel(id, { 'If-Match': '"2"' })).status).toBe(200);
});

test.each(['completed', 'failed'])('a %s order stays so, however often it is asked', async (status) => {
  const id = await processing();
  await set(id, `status = '${status}'`);
  const [first, second] = [await cancel(id), await cancel(id)];
  expect(first).toMatchObject({ status: 409, json: { code: 'too_late' } });
  expect(second.status).toBe(409);
  expect(woken).toEqual([]);
});

test('50 cancels at once make one mark', async () => {
  const id = await processing();
  const answers = await Promise.all(Array.from({ length: 50 }, () => cancel(id)));
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(await api.database.rows('select step from timeline where order_id = $1', [id])).toEqual([
    { step: 'cancel_requested' },
  ]);
});

test('an If-Match that names an older state is refused before anything is marked', async () => {
  const id = await processing();
  expect(await cancel(id, { 'If-Match': '"1"' })).toMatchObject({ status: 412, headers: { etag: '"2"' } });
  expect((await api.call({ method: 'GET', path: `/v1/orders/${id}` })).json).toMatchObject({
    cancel_requested_at: null,
  });
});

test('the timeline tells what happened, and what went wrong last', async () => {
  const { id, trace_id } = (await api.call()).json;
  const timeline = async () => (await api.call({ method: 'GET', path: `/v1/orders/${id}/timeline` })).json;
  expect(await timeline()).toEqual({
    order_id: id,
    items: [
      {
        version: 1,
        step: 'accepted',
        at: expect.any(String),
        detail: expect.objectContaining({
          trace_id,
          event: { id: expect.any(String), type: 'order.created' },
        }),
      },
    ],
    last_failed_attempt: null,
  });
  await api.database.rows(
    `insert into failed_attempts values ($1, 'charge', 3, 'no answer', now(), now() + interval '4 s')`,
    [id],
  );
  expect(await timeline()).toMatchObject({
    last_failed_attempt: {
      step: 'charge',
      attempt: 3,
      error: 'no answer',
      next_attempt_at: expect.any(String),
    },
  });
  const { headers } = await cancel(id);
  expect(await timeline()).toMatchObject({
    items: [
      { step: 'accepted' },
      // Somebody asked for it in a request of its own.
      {
        version: 2,
        step: 'canceled',
        detail: { event: { type: 'order.canceled' }, trace_id: headers.trace_id },
      },
    ],
    last_failed_attempt: { next_attempt_at: null },
  });
});

test('a cancel that nobody hears of at the moment is counted and logged once', async () => {
  const id = await processing();
  await Promise.all([cancel(id), cancel(id)]);
  await eventually(async () => {
    const told = api.lines.filter(({ msg, order_id }) => msg === 'cancel requested' && order_id === id);
    expect(told).toHaveLength(1);
  }, 2_000);
});

test('the timeline of an order that is not there is a 404', async () => {
  const answer = await api.call({ method: 'GET', path: `/v1/orders/${randomUUID()}/timeline` });
  expect(answer).toMatchObject({ status: 404, json: { code: 'order_not_found' } });
});
