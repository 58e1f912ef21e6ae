import { randomUUID } from 'node:crypto';
import { endReplays } from '../../src/store/replay-queue.ts';
import { plantLetters } from '../support/dead-letters.ts';
import { type GuardedApi, startGuardedApi } from '../support/guarded-api.ts';

let apis: GuardedApi;
beforeAll(async () => {
  apis = await startGuardedApi();
});
afterAll(() => apis[Symbol.asyncDispose]());
beforeEach(() => apis.api.database.rows('truncate dead_letters, replays'));

const plant = (...changes: Parameters<typeof plantLetters>[1][]) => plantLetters(apis.api.pool, ...changes);
const replay = (body: unknown, path = '/v1/dlq/replay') => apis.api.call({ path, body });
const outcomes = async (body: unknown, path?: string) =>
  (await replay(body, path)).json.results.map(({ outcome }: { outcome: string }) => outcome);
const written = () => apis.api.database.rows('select * from replays order by id');
const historyOf = async (id: string) =>
  (await apis.api.call({ method: 'GET', path: `/v1/dlq/messages/${encodeURIComponent(id)}` })).json;

/** As the keeper does once it has sent them. */
async function endAll(): Promise<void> {
  const rows = await apis.api.database.rows<{ id: string }>('select id from replays where ended_at is null');
  await endReplays(
    apis.api.pool,
    rows.map(({ id }) => ({ id, outcome: 'sent' })),
  );
}

async function orderThatIs(status: string): Promise<string> {
  const { id } = (await apis.api.call()).json;
  await apis.api.database.rows('update orders set status = $2 where id = $1', [id, status]);
  return id;
}

test('a letter is replayed by its id or its event’s, and written down with who asked for it', async () => {
  const [one, other] = await plant({}, {});
  const { status, json } = await replay({ event_ids: [other?.eventId, one?.id] });
  expect([status, json]).toEqual([
    200,
    {
      dry_run: false,
      results: [other, one].map((letter, at) => ({
        asked: at === 0 ? letter?.eventId : letter?.id,
        id: letter?.id,
        outcome: 'replay_requested',
        detail: expect.any(String),
        event_id: letter?.eventId,
        replay_id: expect.any(String),
      })),
      totals: { replay_requested: 2 },
    },
  ]);
  const letter = await historyOf(one?.id ?? '');
  expect(letter).toMatchObject({ replays: 1, is_waiting: true });
  expect(letter.history).toEqual([
    {
      replay_id: json.results[1].replay_id,
      event_id: one?.eventId,
      causation_id: null,
      is_edited: false,
      caller: 'anonymous',
      requested_at: expect.any(String),
      ended_at: null,
      outcome: 'waiting',
    },
  ]);
  expect(
    apis.api.lines.filter(({ msg, letter_id }) => msg === 'replay requested' && letter_id === one?.id),
  ).toEqual([
    expect.objectContaining({ replay_id: json.results[1].replay_id, caller: 'anonymous', edited: false }),
  ]);
});

test('a dry run says what would become of each, and does nothing', async () => {
  const [letter, cut] = await plant({}, { isCut: true });
  const body = { event_ids: [letter?.id, 'event-123', cut?.id] };
  const dry = (await replay({ ...body, dry_run: true })).json;
  expect(dry.results.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
    'replay_requested',
    'not_found',
    'not_replayable',
  ]);
  expect(dry.results[0].replay_id).toBeNull();
  expect(await written()).toEqual([]);
  expect(await historyOf(letter?.id ?? '')).toMatchObject({ replays: 0, is_waiting: false });
  expect((await replay(body)).json.totals).toEqual(dry.totals);
});

test('a request that is repeated, also at once, replays a letter once', async () => {
  const [letter] = await plant({});
  const body = { event_ids: [letter?.id, letter?.eventId, letter?.id] };
  const answers = await Promise.all(Array.from({ length: 5 }, () => outcomes(body)));
  expect(answers.flat().filter((outcome) => outcome === 'replay_requested')).toHaveLength(1);
  expect(new Set(answers.flat())).toEqual(new Set(['replay_requested', 'already_requested']));
  expect(await written()).toHaveLength(1);
});

test('one that fails again and again may be replayed as often as the cap says', async () => {
  const [letter] = await plant({});
  const body = { event_ids: [letter?.id] };
  for (let times = 0; times < 5; times += 1) {
    expect(await outcomes(body)).toEqual(['replay_requested']);
    await endAll();
  }
  expect((await replay(body)).json.results[0]).toMatchObject({
    outcome: 'cap_reached',
    detail: expect.stringContaining('DLQ_MAX_REPLAYS'),
  });
  expect((await historyOf(letter?.id ?? '')).history).toHaveLength(5);
});

test('whoever has been told is not told again by a replay', async () => {
  const [told, untold] = [randomUUID(), randomUUID()];
  await apis.api.database.rows(
    "insert into notifications (id, event_id, order_id, what, at) values ($1, $2, $1, 'order.processed', now())",
    [randomUUID(), told],
  );
  const group = 'workers-notifier';
  const letters = await plant({ group, eventId: told }, { group, eventId: untold });
  expect(await outcomes({ event_ids: letters.map(({ id }) => id), dry_run: true })).toEqual([
    'already_processed',
    'replay_requested',
  ]);
});

test('whoever has been told by an edit is not told again by a replay of its letter', async () => {
  const [letter] = await plant({ group: 'workers-notifier' });
  const id = letter?.id ?? '';
  const { json } = await replay({ event_ids: [id], edits: { [id]: { value: { order_id: 'x' } } } });
  await endAll();
  expect(await outcomes({ event_ids: [id], dry_run: true })).toEqual(['replay_requested']);
  await apis.api.database.rows(
    "insert into notifications (id, event_id, order_id, what, at) values ($1, $2, $1, 'order.processed', now())",
    [randomUUID(), json.results[0].event_id],
  );
  expect(await outcomes({ event_ids: [id] })).toEqual(['already_processed']);
});

test('what has had its effect is not replayed; what is not known here may be', async () => {
  const [pending, done, gone] = [await orderThatIs('pending'), await orderThatIs('processing'), randomUUID()];
  const letters = await plant(
    ...[pending, done, gone, 'no id'].map((key) => ({ key: Buffer.from(key) })),
    { key: Buffer.from(done), group: 'workers-others' },
    { key: Buffer.from(randomUUID()), group: 'workers-transactions' },
  );
  const { json } = await replay({ event_ids: letters.map(({ id }) => id), dry_run: true });
  expect(json.totals).toEqual({ replay_requested: 5, already_processed: 1 });
  expect(json.results[1].outcome).toBe('already_processed');
  const unknown = expect.stringContaining('not known here');
  expect(json.results.map(({ detail }: { detail: string }) => detail)).toEqual([
    expect.not.stringContaining('not known here'),
    expect.any(String),
    unknown,
    unknown,
    expect.not.stringContaining('not known here'),
    unknown,
  ]);
});

test('a letter that nobody of ours set aside is for none to handle', async () => {
  const [letter] = await plant({ group: null });
  expect(await outcomes({ event_ids: [letter?.id] })).toEqual(['not_replayable']);
});

test('an edit is a new event that names the one it was made from', async () => {
  const [letter] = await plant({});
  const [asked, value] = [letter?.eventId ?? '', { order_id: 'x', note: 'ä' }];
  const { json } = await replay({ event_ids: [asked], edits: { [asked]: { value } } });
  const { event_id } = json.results[0];
  expect(event_id).not.toBe(asked);
  expect((await historyOf(letter?.id ?? '')).history).toEqual([
    expect.objectContaining({ event_id, causation_id: asked, is_edited: true }),
  ]);
  const [row] = await apis.api.database.rows<{ edited_value: Buffer }>('select edited_value from replays');
  expect(JSON.parse(String(row?.edited_value))).toEqual(value);
});

test('an event that is in several letters is replayed for each of its groups', async () => {
  const eventId = randomUUID();
  const at = (ms: number) => new Date(Date.now() - ms);
  const letters = await plant(
    { eventId, at: at(1_000) },
    { eventId, group: 'workers-others', at: at(2_000) },
  );
  const { json } = await replay({ event_ids: [eventId] });
  expect(json.results.map(({ id }: { id: string }) => id)).toEqual([letters[1]?.id, letters[0]?.id]);
  expect(json.totals).toEqual({ replay_requested: 2 });
});

test('the letters of a time are replayed oldest first, and the answer says where to go on', async () => {
  const hour = (number: number) => new Date(Date.UTC(2026, 0, 1, number));
  const letters = await plant(...[4, 1, 3, 2, 5].map((number) => ({ at: hour(number) })));
  const body = { start_time: hour(1), end_time: hour(5), max_messages: 3 };
  const first = (await replay(body, '/v1/dlq/replay/batch')).json;
  expect(first.results.map(({ id }: { id: string }) => id)).toEqual(
    [letters[1], letters[3], letters[2]].map((letter) => letter?.id),
  );
  expect(first.next_start_time).toBe(hour(4).toISOString());
  const rest = await replay({ ...body, start_time: first.next_start_time }, '/v1/dlq/replay/batch');
  expect(rest.json).toMatchObject({ next_start_time: null, next: null, totals: { replay_requested: 1 } });
});

test('more letters of one moment than a request takes are all reached by its cursor, each once', async () => {
  const at = new Date(Date.UTC(2026, 0, 1, 12));
  const letters = await plant(...Array.from({ length: 5 }, () => ({ at })));
  const body = { start_time: at, end_time: new Date(at.getTime() + 1), max_messages: 2 };
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const { json } = await replay({ ...body, cursor }, '/v1/dlq/replay/batch');
    ids.push(...json.results.map(({ id }: { id: string }) => id));
    cursor = json.next ?? undefined;
  } while (cursor !== undefined && ids.length < 10);
  expect(ids).toEqual(letters.map(({ id }) => id).toSorted());
  expect(await written()).toHaveLength(5);
});

test('a cursor that is none of a time’s replays is refused', async () => {
  const range = { start_time: '2026-01-01T00:00:00Z', end_time: '2026-01-02T00:00:00Z' };
  const ofTheList = Buffer.from('<1767225600000/id').toString('base64url');
  for (const cursor of ['nonsense', ofTheList])
    expect(await replay({ ...range, cursor }, '/v1/dlq/replay/batch')).toMatchObject({
      status: 400,
      json: { errors: [{ pointer: '/cursor' }] },
    });
});

test.each([
  ['nothing', {}],
  ['no names', { event_ids: [] }],
  ['1,001 names', { event_ids: Array.from({ length: 1_001 }, (_, at) => `event-${at}`) }],
  ['a name that Postgres cannot hold', { event_ids: ['a\0'] }],
  ['an edit of what is not named', { event_ids: ['a'], edits: { b: { value: 1 } } }],
  ['an edit without a value', { event_ids: ['a'], edits: { a: {} } }],
  ['a text for a truth', { event_ids: ['a'], dry_run: 'true' }],
  ['an unknown field', { event_ids: ['a'], force: true }],
])('a wish that is none is refused: %s', async (_, body) => {
  expect(await replay(body)).toMatchObject({ status: 400, json: { code: 'validation_failed' } });
});

test.each([
  { start_time: '2026-01-01T00:00:00Z' },
  { start_time: '2026-01-02T00:00:00Z', end_time: '2026-01-01T00:00:00Z' },
  { start_time: '2026-01-01T00:00:00Z', end_time: '2026-01-02T00:00:00Z', max_messages: 1_001 },
])('a time that is none is refused: %j', async (body) => {
  expect(await replay(body, '/v1/dlq/replay/batch')).toMatchObject({ status: 400 });
});

test('names that stand for more letters than one request may replay are refused with the limit', async () => {
  const eventId = randomUUID();
  await plant(...Array.from({ length: 1_001 }, () => ({ eventId })));
  expect(await replay({ event_ids: [eventId], dry_run: true })).toMatchObject({
    status: 400,
    json: { errors: [{ pointer: '/event_ids', detail: expect.stringContaining('1000') }] },
  });
});

test('with AUTH_MODE=jwt only the scope admin will do', async () => {
  const bearer = async (scope: string) => ({
    Authorization: `Bearer ${await apis.issuer.token({ claims: { scope } })}`,
  });
  const range = { start_time: '2024-01-01T00:00:00Z', end_time: '2024-01-02T00:00:00Z' };
  for (const prefix of ['/v1/dlq/', '/api/v1/']) {
    const lists = prefix === '/v1/dlq/' ? prefix : `${prefix}dlq/`;
    for (const request of [
      { method: 'GET', path: `${lists}messages` },
      { method: 'GET', path: `${lists}stats` },
      { path: `${prefix}replay`, body: { event_ids: ['a'] } },
      { path: `${prefix}replay/batch`, body: range },
    ]) {
      const asked = async (scope: string) =>
        (await apis.guarded.call({ ...request, headers: await bearer(scope) })).status;
      expect((await apis.guarded.call(request)).status).toBe(401);
      expect([await asked('orders:read orders:write'), await asked('admin')]).toEqual([403, 200]);
    }
  }
});
